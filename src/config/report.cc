#include "config/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>
#include <vector>

namespace fairlead::config {
namespace {

// `routes[0].to` -> `routes[0]` -> `routes` -> ``
std::string parent_of(const std::string& path) {
  const std::size_t cut = path.find_last_of(".[");
  return path.substr(0, cut == std::string::npos ? 0 : cut);
}

}  // namespace

Cursor Cursor::at(std::string_view key) const {
  const Node* child = exists_ ? node_->find(key) : nullptr;
  Cursor next = *this;
  if (child != nullptr) next.node_ = child;
  next.exists_ = child != nullptr;
  if (!path_.empty()) next.path_ += '.';
  next.path_ += key;
  return next;
}

Cursor Cursor::at(std::size_t index) const {
  const bool inside = exists_ && node_->is_sequence() && index < node_->children.size();
  Cursor next = *this;
  if (inside) next.node_ = &node_->children[index];
  next.exists_ = inside;
  next.path_ += fmt::format("[{}]", index);
  return next;
}

Cursor Cursor::into(const Node& child) const {
  Cursor next = *this;
  next.node_ = &child;
  if (!path_.empty()) next.path_ += '.';
  next.path_ += child.key;
  return next;
}

Cursor Cursor::into(const Node& child, std::size_t index) const {
  Cursor next = *this;
  next.node_ = &child;
  next.path_ += fmt::format("[{}]", index);
  return next;
}

Place Cursor::key_place() const {
  if (node_ == nullptr) return {};
  return exists_ && node_->key_place.is_known() ? node_->key_place : node_->place;
}

void Report::error(const Place& place, std::string path, Fault fault) {
  add(Severity::error, place, std::move(path), std::move(fault));
}

void Report::error_in_key(const Place& place, const Cursor& parent, std::string_view key, Fault fault) {
  unknown_key_in_.insert(parent.path());
  add(Severity::error, place, parent.at(key).path(), std::move(fault));
}

void Report::warning(const Cursor& at, Fault fault) { add(Severity::warning, at.place(), at.path(), std::move(fault)); }

void Report::warning_about(const Place& place, std::string path, Fault fault) {
  add(Severity::warning, place, std::move(path), std::move(fault), Shown::block);
}

bool Report::has_fault_around(const std::string& path) const {
  if (unknown_key_in_.contains(path) || unknown_key_in_.contains(parent_of(path))) return true;
  for (std::string above = path; !above.empty(); above = parent_of(above))
    if (unread_.contains(above)) return true;
  return std::ranges::any_of(std::string_view(".["), [&](char separator) {
    const std::string inside = path + separator;
    const auto below = unread_.lower_bound(inside);
    return below != unread_.end() && below->starts_with(inside);
  });
}

void Report::add(Severity severity, const Place& place, std::string path, Fault fault, Shown shown) {
  if (in_rules_ && has_fault_around(path)) return;
  if (severity == Severity::error) {
    ++errors_;
    if (!in_rules_) unread_.insert(path);
  }
  Diagnostic diagnostic;
  diagnostic.code = fault.code;
  diagnostic.severity = severity;
  diagnostic.message = std::move(fault.message);
  diagnostic.label = std::move(fault.label);
  diagnostic.help = std::move(fault.help);
  diagnostic.path = std::move(path);
  diagnostic.file = sources_.name(place.file);
  diagnostic.line = place.begin.line;
  diagnostic.column = place.begin.column;
  diagnostic.source_line = sources_.line(place.file, place.begin.line);
  if (place.begin.line != 0 && shown == Shown::text) {
    const auto line_end = static_cast<std::uint32_t>(character_count(diagnostic.source_line)) + 1;
    const bool one_line = place.begin.line == place.end.line;
    diagnostic.end_column = std::max(one_line ? place.end.column : line_end, place.begin.column + 1);
    if (!fault.replacement.empty() && one_line)
      diagnostic.fix = Fix{diagnostic.line, diagnostic.column, diagnostic.end_column, std::move(fault.replacement)};
  }
  found_.emplace_back(place, std::move(diagnostic));
}

std::string Report::describe(const Place& place, const Place& from) const {
  if (place.begin.line == 0) return sources_.name(place.file);
  if (place.file == from.file) return fmt::format("line {}", place.begin.line);
  return fmt::format("{}:{}", sources_.name(place.file), place.begin.line);
}

Diagnostics Report::take() {
  const auto order = [](const std::pair<Place, Diagnostic>& entry) {
    const auto& [place, diagnostic] = entry;
    return std::tie(place.file, diagnostic.line, diagnostic.column, diagnostic.code, diagnostic.message);
  };
  std::ranges::sort(found_, [&](const auto& a, const auto& b) { return order(a) < order(b); });
  Diagnostics all;
  for (std::size_t at = 0; at < found_.size(); ++at)
    if (at == 0 || order(found_[at]) != order(found_[at - 1])) all.push_back(found_[at].second);
  found_.clear();
  errors_ = 0;
  return all;
}

namespace {

// Levenshtein distance by one row. Both texts are short: they are names.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row.back();
}

}  // namespace

std::string nearest(std::string_view wrong, const std::vector<std::string_view>& names) {
  constexpr std::size_t kMaxDistance = 2;
  constexpr std::size_t kMaxName = 100;
  std::string_view best;
  std::size_t best_distance = kMaxDistance + 1;
  for (const std::string_view name : names) {
    // Of a name of one or two letters, two edits would leave nothing.
    const std::size_t longer = std::max(wrong.size(), name.size());
    const std::size_t shorter = std::min(wrong.size(), name.size());
    if (longer - shorter > kMaxDistance || longer <= kMaxDistance || longer > kMaxName) continue;
    const std::size_t distance = edit_distance(wrong, name);
    if (distance < best_distance) std::tie(best, best_distance) = std::tuple(name, distance);
  }
  return std::string(best);
}

}  // namespace fairlead::config
