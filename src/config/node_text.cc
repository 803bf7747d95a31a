#include "config/node_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace fairlead::config {
namespace {

// Whether a plain scalar would be read back as this very text, in brackets too.
bool is_plain(std::string_view text) {
  constexpr std::string_view kSafe = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./:%+*~=@$;()";
  constexpr std::string_view kSafeFirst = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./";
  if (text.empty() || text == "null" || text == "Null") return false;
  const bool is_negative = text.size() > 1 && text[0] == '-' && text[1] >= '0' && text[1] <= '9';
  const bool starts_well = is_negative || kSafeFirst.find(text.front()) != std::string_view::npos;
  return starts_well && text.back() != ':' && text.find_first_not_of(kSafe) == std::string_view::npos;
}

// A dollar would be read as a substitution.
std::string yaml_scalar(std::string_view text) {
  std::string escaped;
  for (const char byte : text) escaped += byte == '$' ? "$$" : std::string(1, byte);
  return is_plain(escaped) ? escaped : json_string(escaped);
}

bool is_flat_list(const Node& node) {
  return node.is_sequence() && std::ranges::all_of(node.children, [](const Node& item) { return item.is_scalar(); });
}

bool fits_a_line(const Node& node) {
  return node.is_scalar() || is_flat_list(node) || (node.is_mapping() && node.children.empty());
}

class YamlWriter {
 public:
  explicit YamlWriter(const Annotate& annotate) : annotate_(annotate) {}

  void members(const Node& map, std::size_t indent, bool continues_line = false) {
    for (const Node& child : map.children) {
      if (!continues_line) out_.append(indent, ' ');
      continues_line = false;
      out_ += yaml_scalar(child.key) + ":";
      value(child, indent);
    }
  }
  std::string take() { return std::move(out_); }

 private:
  // What stands behind a key.
  void value(const Node& node, std::size_t indent) {
    if (fits_a_line(node)) {
      out_ += " ";
      line(node);
    } else if (node.is_mapping()) {
      out_ += "\n";
      members(node, indent + 2);
    } else {
      out_ += "\n";
      items(node, indent + 2);
    }
  }
  void items(const Node& list, std::size_t indent) {
    for (const Node& item : list.children) {
      out_.append(indent, ' ');
      out_ += "- ";
      if (item.is_mapping() && !item.children.empty())
        members(item, indent + 2, true);
      else
        line(item);
    }
  }
  void line(const Node& node) {
    out_ += to_flow_yaml(node);
    const std::string note = annotate_ ? annotate_(node) : "";
    if (!note.empty()) out_ += "  # " + note;
    out_ += "\n";
  }

  const Annotate& annotate_;
  std::string out_;
};

void write_json(const Node& node, std::size_t indent, std::string& out) {
  if (node.is_scalar()) {
    out += node.quoted ? json_string(node.value) : node.value;
    return;
  }
  const auto [open, close] = node.is_mapping() ? std::pair('{', '}') : std::pair('[', ']');
  out += open;
  for (const Node& child : node.children) {
    if (&child != node.children.data()) out += ',';
    out += '\n';
    out.append(indent + 2, ' ');
    if (node.is_mapping()) out += json_string(child.key) + ": ";
    write_json(child, indent + 2, out);
  }
  if (!node.children.empty()) {
    out += '\n';
    out.append(indent, ' ');
  }
  out += close;
}

}  // namespace

std::string to_yaml(const Node& root, const Annotate& annotate) {
  YamlWriter writer(annotate);
  writer.members(root, 0);
  return writer.take();
}

std::string to_flow_yaml(const Node& node) {
  if (node.is_scalar()) return yaml_scalar(node.value);
  std::string out;
  for (const Node& child : node.children) {
    if (!out.empty()) out += ", ";
    out += node.is_mapping() ? fmt::format("{}: {}", yaml_scalar(child.key), to_flow_yaml(child)) : to_flow_yaml(child);
  }
  return node.is_mapping() ? fmt::format("{{{}}}", out) : fmt::format("[{}]", out);
}

std::string to_json(const Node& root) {
  std::string out;
  write_json(root, 0, out);
  return out + "\n";
}

// RFC 8259, section 7.
std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char byte : text) {
    if (byte == '"' || byte == '\\')
      out += {'\\', byte};
    else if (byte == '\n')
      out += "\\n";
    else if (byte == '\t')
      out += "\\t";
    else if (static_cast<unsigned char>(byte) < 0x20 || byte == 0x7F)
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(byte)));
    else
      out += byte;
  }
  return out + '"';
}

}  // namespace fairlead::config
