// Collects the faults of one load, so that all of them are shown at once; and the cursor that says where we are.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "config/diagnostic.h"
#include "config/node.h"
#include "config/source.h"

namespace fairlead::config {

// What is wrong, before it is known where. `code` is a literal.
struct Fault {
  std::string_view code;
  std::string message;
  std::string label = {};
  std::string help = {};
  // Where the faulty text has one possible correction: the text to put in its place.
  std::string replacement = {};
};

// A spot in the tree: the node, and the path to it. Asking for what is not there keeps the nearest node above, so
// that rules over structs can point at a place even where the user left a key out, or where there is no tree at all
// (another reader, a flag). The tree must outlive the cursor.
class Cursor {
 public:
  explicit Cursor(const Node* root) : node_(root), exists_(root != nullptr) {}

  Cursor at(std::string_view key) const;
  Cursor at(std::size_t index) const;
  // A member that is already at hand: no search.
  Cursor into(const Node& child) const;
  Cursor into(const Node& child, std::size_t index) const;

  bool exists() const { return exists_; }
  // Only where it exists.
  const Node& node() const { return *node_; }
  const std::string& path() const { return path_; }
  Place place() const { return node_ == nullptr ? Place{} : node_->place; }
  // The key of this node; its own place where it has none.
  Place key_place() const;

 private:
  const Node* node_;
  bool exists_;
  std::string path_;
};

class Report {
 public:
  explicit Report(const Sources& sources) : sources_(sources) {}

  // Points at a piece of text, with its line and carets.
  void error(const Cursor& at, Fault fault) { error(at.place(), at.path(), std::move(fault)); }
  void error(const Place& place, std::string path, Fault fault);
  void warning(const Cursor& at, Fault fault);
  // A warning about a block as a whole: only its place is shown.
  void warning_about(const Cursor& at, Fault fault);

  bool has_errors() const { return errors_ > 0; }
  const Sources& sources() const { return sources_; }
  // `line 19`, or `other.yaml:19` where that is in another file than `from`.
  std::string describe(const Place& place, const Place& from) const;

  // In the order of the files, each fault once (a shared default may be read many times).
  Diagnostics take();

 private:
  Diagnostic& add(Severity severity, const Place& place, std::string path, Fault fault);

  const Sources& sources_;
  std::size_t errors_ = 0;
  std::vector<std::pair<Place, Diagnostic>> found_;
};

// The name closest to `wrong` within two edits, or empty.
std::string nearest(std::string_view wrong, const std::vector<std::string_view>& names);

}  // namespace fairlead::config
