// Collects the faults of one load, so that all of them are shown at once; and the cursor that says where we are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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
  // Whether it stands here, and does not come from `defaults`.
  bool is_written() const { return exists_ && !node_->is_inherited; }
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
  void warning_about(const Place& place, std::string path, Fault fault);

  // A key that is not known at `parent`: it may have been meant as any other, so no rule speaks of those.
  void error_in_key(const Place& place, const Cursor& parent, std::string_view key, Fault fault);

  // From here on faults come from rules over values that were read. Where a value could not be read, a rule would only
  // repeat that fault in other words: such faults are dropped.
  void begin_rules() { in_rules_ = true; }
  // Whether something at this path, above it or below it could not be read.
  bool has_fault_around(const std::string& path) const;

  bool has_errors() const { return errors_ > 0; }
  const Sources& sources() const { return sources_; }
  // `line 19`, or `other.yaml:19` where that is in another file than `from`.
  std::string describe(const Place& place, const Place& from) const;

  // In the order of the files, each fault once (a shared default may be read many times).
  Diagnostics take();

 private:
  enum class Shown : std::uint8_t { text, block };
  void add(Severity severity, const Place& place, std::string path, Fault fault, Shown shown = Shown::text);

  const Sources& sources_;
  std::size_t errors_ = 0;
  bool in_rules_ = false;
  std::set<std::string> unread_;          // paths whose value could not be read
  std::set<std::string> unknown_key_in_;  // paths of maps with a key that is not known
  std::vector<std::pair<Place, Diagnostic>> found_;
};

// The name closest to `wrong` within two edits, or empty.
std::string nearest(std::string_view wrong, const std::vector<std::string_view>& names);

}  // namespace fairlead::config
