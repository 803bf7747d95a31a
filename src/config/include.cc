#include "config/include.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

#include "config/substitution.h"
#include "config/yaml_tree.h"

namespace fairlead::config {
namespace {

constexpr std::size_t kMaxIncludeDepth = 8;
constexpr std::size_t kMaxFiles = 1000;

class Reader {
 public:
  Reader(const Environment& environment, Sources& sources, Report& report)
      : environment_(environment), sources_(sources), report_(report) {}

  // The tree of one file with what it includes merged in.
  std::optional<Node> read(std::string name, std::string text);

 private:
  void include(Node& root, const Node& pattern);
  void include_file(Node& root, const std::string& path, const Node& pattern);
  void merge(Node& target, Node addition);
  void merge_names(Node& target, Node addition);
  void report_twice(Place first, const Node& second);
  void refuse(const Node& pattern, std::string message) {
    report_.error(pattern.place, "include", {"F1003", std::move(message)});
  }

  const Environment& environment_;
  Sources& sources_;
  Report& report_;
  TreeBudget budget_;
  std::vector<std::string> open_files_;  // the chain of includes that led here
  std::size_t files_ = 0;
};

std::optional<Node> Reader::read(std::string name, std::string text) {
  open_files_.push_back(name);
  const std::uint32_t file = sources_.add(std::move(name), std::move(text));
  std::optional<Node> root = parse_yaml(sources_, file, budget_, report_);
  if (root) {
    substitute(*root, environment_, report_);
    if (root->find("include") != nullptr) {
      const Node patterns = root->take("include");
      if (patterns.is_scalar() && !patterns.is_null()) include(*root, patterns);
      for (const Node& pattern : patterns.children) include(*root, pattern);
    }
  }
  open_files_.pop_back();
  return root;
}

void Reader::include(Node& root, const Node& pattern) {
  if (!pattern.is_scalar() || pattern.value.empty()) return refuse(pattern, "`include` is a list of file names");
  if (open_files_.size() > kMaxIncludeDepth)
    return refuse(pattern, fmt::format("files include one another more than {} deep", kMaxIncludeDepth));

  std::string path = pattern.value;
  const std::string& including = open_files_.back();
  if (const std::size_t slash = including.rfind('/'); slash != std::string::npos && !path.starts_with('/'))
    path = including.substr(0, slash + 1) + path;
  if (path.find_first_of("*?[") == std::string::npos) return include_file(root, path, pattern);
  for (const std::string& match : environment_.matching_files(path)) include_file(root, match, pattern);
}

void Reader::include_file(Node& root, const std::string& path, const Node& pattern) {
  if (std::ranges::find(open_files_, path) != open_files_.end())
    return refuse(pattern, fmt::format("`{}` includes itself", path));
  if (++files_ > kMaxFiles) return refuse(pattern, fmt::format("more than {} files", kMaxFiles));
  auto text = environment_.read_file(path, kMaxFileBytes);
  if (!text) return refuse(pattern, fmt::format("`{}` cannot be read: {}", path, text.error()));
  if (auto part = read(path, std::move(*text))) merge(root, std::move(*part));
}

void Reader::merge(Node& target, Node addition) {
  for (Node& child : addition.children) {
    Node* existing = target.find(child.key);
    if (existing == nullptr)
      target.children.push_back(std::move(child));
    else if (existing->is_mapping() && child.is_mapping())
      merge_names(*existing, std::move(child));
    else if (existing->is_sequence() && child.is_sequence())
      std::ranges::move(child.children, std::back_inserter(existing->children));
    else if (!existing->same_as(child) || !child.is_scalar())
      report_twice(existing->key_place, child);
  }
}

void Reader::merge_names(Node& target, Node addition) {
  std::unordered_map<std::string, Place> known;
  for (const Node& child : target.children) known.emplace(child.key, child.key_place);
  for (Node& child : addition.children) {
    const auto first = known.find(child.key);
    if (first == known.end())
      target.children.push_back(std::move(child));
    else
      report_twice(first->second, child);
  }
}

void Reader::report_twice(Place first, const Node& second) {
  report_.error(second.key_place, second.key,
                {"F1002", fmt::format("`{}` is defined in two files", second.key),
                 fmt::format("first defined at {}", report_.describe(first, second.key_place)),
                 "rename one of the two, or delete it"});
}

}  // namespace

std::optional<Node> read_with_includes(MainFile main, const Environment& environment, Sources& sources,
                                       Report& report) {
  return Reader(environment, sources, report).read(std::move(main.name), std::move(main.text));
}

}  // namespace fairlead::config
