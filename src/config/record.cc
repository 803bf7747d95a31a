#include "config/record.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <utility>

namespace fairlead::config {

const Field* RecordSchema::find(std::string_view name) const {
  const auto found = std::ranges::find(fields_, name, &Field::name);
  return found == fields_.end() ? nullptr : &*found;
}

void RecordSchema::normalize(Node& node, const Cursor& at, Report& report) const {
  if (node.is_null()) node.kind = Node::Kind::mapping;
  for (const ShortForm& form : short_forms_) form.expand(node, at, report);
  if (!node.is_mapping()) return;
  for (Node& child : node.children) {
    const Field* field = find(child.key);
    if (field != nullptr && field->type != nullptr) field->type->normalize(child, at.into(child), report);
  }
}

bool RecordSchema::bind(const Cursor& at, void* target, Report& report) const {
  if (!at.node().is_mapping()) {
    report.error(at, {"F0201", fmt::format("a map of keys is expected here, and this is {}", kind_name(at.node().kind)),
                      "", fmt::format("keys: {}", fmt::join(fields_ | std::views::transform(&Field::name), ", "))});
    return false;
  }
  bool all_good = true;
  for (const Node& child : at.node().children) {
    if (child.key.starts_with("x-")) continue;
    const Field* field = find(child.key);
    if (field != nullptr && field->type != nullptr) {
      all_good &= bind_field(*field, at.into(child), target, report);
    } else {
      report_unknown(at, child, report);
      all_good = false;
    }
  }
  for (const Field& field : fields_) {
    if (!field.is_required || at.node().find(field.name) != nullptr) continue;
    report.error(at, {"F0104", fmt::format("`{}` is missing", field.name), "", std::string(field.help)});
    all_good = false;
  }
  return all_good;
}

bool RecordSchema::bind_field(const Field& field, const Cursor& at, void* target, Report& report) const {
  const std::shared_ptr<void> scratch = field.member ? nullptr : field.scratch();
  void* member = field.member ? field.member(target) : scratch.get();
  if (!field.type->bind(at, member, report)) return false;
  if (!field.check) return true;
  std::optional<Fault> fault = field.check(member);
  if (fault) report.error(at, std::move(*fault));
  return !fault;
}

void RecordSchema::report_unknown(const Cursor& at, const Node& child, Report& report) const {
  if (const Field* field = find(child.key); field != nullptr) {
    report.error_in_key(child.key_place, at, child.key,
                        {"F0102", fmt::format("`{}` is not supported yet", child.key), "", std::string(field->help)});
    return;
  }
  std::vector<std::string_view> names;
  for (const Field& field : fields_)
    if (field.type != nullptr) names.push_back(field.name);
  const std::string close = nearest(child.key, names);
  report.error_in_key(
      child.key_place, at, child.key,
      {"F0101", fmt::format("unknown key `{}`", child.key), "",
       close.empty() ? fmt::format("keys here: {}", fmt::join(names, ", ")) : fmt::format("did you mean `{}`?", close),
       close});
}

Node RecordSchema::print(const void* value, const Node* source, Printed what) const {
  Node map = Node::mapping(source == nullptr ? Place{} : source->place);
  for (const Field& field : fields_) {
    if (!field.member) continue;
    // Reading a member never changes the struct: the accessor serves both ways.
    const void* member = field.member(const_cast<void*>(value));
    if (what == Printed::only_what_differs_from_the_default) {
      const void* usual = field.member(const_cast<void*>(defaults_.get()));
      const Node now = field.type->print(member, nullptr, Printed::everything);
      if (now.same_as(field.type->print(usual, nullptr, Printed::everything))) continue;
    }
    const Node* given = source == nullptr ? nullptr : source->find(field.name);
    Node printed = field.type->print(member, given, what);
    const bool is_absent_record = printed.is_scalar() && printed.value.empty() && field.type->type_text() == "map";
    if (!is_absent_record) map.add(field.name, std::move(printed));
  }
  return map;
}

}  // namespace fairlead::config
