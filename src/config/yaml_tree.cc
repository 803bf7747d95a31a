#include "config/yaml_tree.h"

#include <fmt/format.h>
#include <yaml.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace fairlead::config {
namespace {

// Owns one event of libyaml.
class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { yaml_event_delete(&event_); }
  yaml_event_t* get() { return &event_; }
  const yaml_event_t* operator->() const { return &event_; }

 private:
  yaml_event_t event_{};
};

std::string_view text_of(const yaml_char_t* text) {
  return text == nullptr ? std::string_view{} : std::string_view(reinterpret_cast<const char*>(text));
}

// How much a subtree costs when an alias copies it.
struct Extent {
  std::size_t nodes = 1;
  std::size_t depth = 1;
};

Extent extent_of(const Node& node) {
  Extent whole;
  for (const Node& child : node.children) {
    const Extent part = extent_of(child);
    whole.nodes += part.nodes;
    whole.depth = std::max(whole.depth, part.depth + 1);
  }
  return whole;
}

class TreeBuilder {
 public:
  TreeBuilder(const Sources& sources, std::uint32_t file, TreeBudget& budget, Report& report)
      : sources_(sources), file_(file), budget_(budget), report_(report) {
    yaml_parser_initialize(&parser_);
    const std::string& text = sources.text(file);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
  }
  TreeBuilder(const TreeBuilder&) = delete;
  TreeBuilder& operator=(const TreeBuilder&) = delete;
  ~TreeBuilder() { yaml_parser_delete(&parser_); }

  std::optional<Node> build();

 private:
  struct Open {
    Node node;
    std::string anchor;
    std::optional<std::pair<std::string, Place>> key;  // of a mapping, once its key was read
  };

  bool take(const yaml_event_t& event);
  bool take_scalar(const yaml_event_t& event);
  bool take_alias(const yaml_event_t& event);
  bool open(const yaml_event_t& event, Node node, const yaml_char_t* anchor, const yaml_char_t* tag);
  bool close(const yaml_event_t& event);
  bool accept(Node node, std::string_view anchor);
  bool accept_key(const Node& key);
  bool check_tag(const yaml_char_t* tag, Place place);
  bool check_duplicates(const Node& mapping);
  bool spend(std::size_t nodes, Place place);
  bool is_key_next() const { return !stack_.empty() && stack_.back().node.is_mapping() && !stack_.back().key; }

  bool refuse(Place place, Fault fault) {
    report_.error(place, {}, std::move(fault));
    return false;
  }
  bool report_syntax_error();

  Place place_of(const yaml_mark_t& begin, const yaml_mark_t& end) const {
    const auto position = [](const yaml_mark_t& mark) {
      return Position{static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1)};
    };
    return {file_, position(begin), position(end)};
  }
  Place place_of(const yaml_event_t& event) const { return place_of(event.start_mark, event.end_mark); }

  const Sources& sources_;
  std::uint32_t file_;
  TreeBudget& budget_;
  Report& report_;
  yaml_parser_t parser_{};
  std::vector<Open> stack_;
  std::unordered_map<std::string, Node> anchors_;
  std::optional<Node> root_;
  std::size_t documents_ = 0;
};

std::optional<Node> TreeBuilder::build() {
  while (true) {
    Event event;
    if (yaml_parser_parse(&parser_, event.get()) == 0) {
      report_syntax_error();
      return std::nullopt;
    }
    if (event->type == YAML_STREAM_END_EVENT) break;
    if (!take(*event.get())) return std::nullopt;
  }
  const Place start{file_, {1, 1}, {1, 1}};
  if (!root_ || root_->is_null()) return Node::mapping(start);
  if (!root_->is_mapping()) {
    refuse(root_->place,
           {"F0201", fmt::format("a configuration is a map of keys, and this is {}", kind_name(root_->kind)), "",
            "start with `listen: :8080` and `to: [127.0.0.1:3001]`"});
    return std::nullopt;
  }
  return std::move(root_);
}

bool TreeBuilder::take(const yaml_event_t& event) {
  switch (event.type) {
    case YAML_DOCUMENT_START_EVENT:
      if (++documents_ > 1)
        return refuse(place_of(event), {"F0008", "a file holds one document", "a second one starts here",
                                        "put it into a file of its own and name that under `include`"});
      return true;
    case YAML_SCALAR_EVENT:
      return take_scalar(event);
    case YAML_ALIAS_EVENT:
      return take_alias(event);
    case YAML_SEQUENCE_START_EVENT:
      return open(event, Node::sequence(place_of(event)), event.data.sequence_start.anchor,
                  event.data.sequence_start.tag);
    case YAML_MAPPING_START_EVENT:
      return open(event, Node::mapping(place_of(event)), event.data.mapping_start.anchor, event.data.mapping_start.tag);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
      return close(event);
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
      return true;
  }
  return true;
}

bool TreeBuilder::take_scalar(const yaml_event_t& event) {
  const auto& scalar = event.data.scalar;
  Node node = Node::literal(std::string(reinterpret_cast<const char*>(scalar.value), scalar.length), place_of(event));
  node.quoted = scalar.style != YAML_PLAIN_SCALAR_STYLE;
  if (!check_tag(scalar.tag, node.place) || !spend(1, node.place)) return false;
  if (node.value.find('\0') != std::string::npos)
    return refuse(node.place, {"F0004", "text must not contain a NUL character"});
  return accept(std::move(node), text_of(scalar.anchor));
}

bool TreeBuilder::take_alias(const yaml_event_t& event) {
  const Place place = place_of(event);
  const std::string name(text_of(event.data.alias.anchor));
  const auto found = anchors_.find(name);
  if (found == anchors_.end())
    return refuse(place, {"F0009", fmt::format("no anchor is called `{}`", name), "not defined above this line",
                          fmt::format("write `&{}` before the value that it should stand for", name)});
  if (budget_.aliases == 0)
    return refuse(place, {"F0006", "more than 100 aliases", "one too many", "use `defaults` for what is shared"});
  --budget_.aliases;
  const Extent extent = extent_of(found->second);
  if (stack_.size() + extent.depth > kMaxDepth)
    return refuse(place, {"F0006", fmt::format("nested deeper than {} levels", kMaxDepth), "by this alias"});
  if (!spend(extent.nodes, place)) return false;
  return accept(found->second, {});
}

bool TreeBuilder::open(const yaml_event_t& event, Node node, const yaml_char_t* anchor, const yaml_char_t* tag) {
  if (is_key_next()) return refuse(place_of(event), {"F0002", "a key must be a single word or text"});
  if (stack_.size() >= kMaxDepth)
    return refuse(place_of(event), {"F0006", fmt::format("nested deeper than {} levels", kMaxDepth)});
  if (!check_tag(tag, node.place) || !spend(1, node.place)) return false;
  stack_.push_back({std::move(node), std::string(text_of(anchor)), std::nullopt});
  return true;
}

bool TreeBuilder::close(const yaml_event_t& event) {
  Open closed = std::move(stack_.back());
  stack_.pop_back();
  const Place end = place_of(event);
  // A block ends where the next token begins, often lines below; it is enough to know where it starts.
  closed.node.place.end = end.end;
  if (closed.node.is_mapping() && !check_duplicates(closed.node)) return false;
  return accept(std::move(closed.node), closed.anchor);
}

bool TreeBuilder::accept(Node node, std::string_view anchor) {
  if (is_key_next()) return accept_key(node);
  if (!anchor.empty()) anchors_.insert_or_assign(std::string(anchor), node);
  if (stack_.empty()) {
    root_ = std::move(node);
    return true;
  }
  Open& parent = stack_.back();
  if (parent.key) {
    std::tie(node.key, node.key_place) = std::move(*parent.key);
    parent.key.reset();
  }
  parent.node.children.push_back(std::move(node));
  return true;
}

bool TreeBuilder::accept_key(const Node& key) {
  if (!key.is_scalar() || key.is_null())
    return refuse(key.place, {"F0002", "a key must be a single word or text", "this is not"});
  if (key.value == "<<" && !key.quoted)
    return refuse(key.place, {"F0007", "merge keys (`<<`) are not supported", "",
                              "put what is shared under `defaults`, or repeat it"});
  stack_.back().key.emplace(key.value, key.place);
  return true;
}

bool TreeBuilder::check_tag(const yaml_char_t* tag, Place place) {
  const std::string_view name = text_of(tag);
  if (name.empty() || name == "!" || name == YAML_STR_TAG) return true;
  return refuse(place, {"F0010", "tags such as `!!int` are not supported", "",
                        "leave it out: each key knows the type of its value"});
}

bool TreeBuilder::check_duplicates(const Node& mapping) {
  std::unordered_map<std::string_view, const Node*> seen;
  for (const Node& child : mapping.children) {
    const auto [first, is_new] = seen.emplace(child.key, &child);
    if (is_new) continue;
    const Place before = first->second->key_place;
    return refuse(child.key_place,
                  {"F0005", fmt::format("`{}` is given twice", child.key),
                   fmt::format("first given at {}", report_.describe(before, child.key_place)), "keep one of the two"});
  }
  return true;
}

bool TreeBuilder::spend(std::size_t nodes, Place place) {
  if (nodes > budget_.nodes) return refuse(place, {"F0006", "the configuration has more than a million values"});
  budget_.nodes -= nodes;
  return true;
}

bool TreeBuilder::report_syntax_error() {
  const yaml_mark_t& mark = parser_.problem_mark;
  const Place place = place_of(mark, mark);
  const std::string_view line = sources_.line(file_, place.begin.line);
  const std::size_t indent = std::min(line.find_first_not_of(" \t"), line.size());
  if (line.substr(0, indent).find('\t') != std::string_view::npos)
    return refuse(place, {"F0003", "tabs cannot be used to indent", "", "replace each tab by two spaces"});
  std::string message = parser_.problem == nullptr ? "this is not valid YAML" : parser_.problem;
  // Only a context that is elsewhere helps: an open bracket or quote.
  std::string help;
  if (parser_.context != nullptr && parser_.context_mark.line != mark.line)
    help = fmt::format("{} that starts at line {}", parser_.context, parser_.context_mark.line + 1);
  return refuse(place, {"F0002", "this is not valid YAML", std::move(message), std::move(help)});
}

// The first line that begins with a tab. libyaml says only that a token cannot start there, or reads on.
std::optional<Place> find_tab(const Sources& sources, std::uint32_t file) {
  const std::string_view text = sources.text(file);
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos || text[start] == '{' || text[start] == '[') return std::nullopt;
  std::uint32_t number = 1;
  for (std::size_t at = 0; at != std::string_view::npos && at < text.size(); ++number) {
    const std::size_t first = text.find_first_not_of(" \t\r", at);
    if (text[at] == '\t' && first != std::string_view::npos && text[first] != '\n' && text[first] != '#')
      return Place{file, {number, 1}, {number, 2}};
    at = text.find('\n', at);
    if (at != std::string_view::npos) ++at;
  }
  return std::nullopt;
}

Place place_of_byte(std::string_view text, std::uint32_t file, std::size_t at) {
  const std::string_view before = text.substr(0, at);
  const auto line = static_cast<std::uint32_t>(std::ranges::count(before, '\n') + 1);
  const std::size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  const auto column = static_cast<std::uint32_t>(character_count(before.substr(line_start)) + 1);
  return {file, {line, column}, {line, column + 1}};
}

}  // namespace

std::optional<Node> parse_yaml(const Sources& sources, std::uint32_t file, TreeBudget& budget, Report& report) {
  const std::string_view text = sources.text(file);
  if (text.size() > kMaxFileBytes) {
    report.error(Place{file, {}, {}}, {}, {"F0001", "the file is larger than 16 MiB"});
    return std::nullopt;
  }
  if (const std::size_t at = find_invalid_utf8(text); at != std::string_view::npos) {
    report.error(place_of_byte(text, file, at), {},
                 {"F0004", "the file is not valid UTF-8", "", "save it as UTF-8 text"});
    return std::nullopt;
  }
  if (const auto tab = find_tab(sources, file)) {
    report.error(*tab, {}, {"F0003", "tabs cannot be used to indent", "a tab", "replace each tab by two spaces"});
    return std::nullopt;
  }
  return TreeBuilder(sources, file, budget, report).build();
}

}  // namespace fairlead::config
