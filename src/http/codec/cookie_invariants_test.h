// What must hold for any Cookie and Set-Cookie fields: the fuzzer looks for input that breaks it, the unit tests replay
// the corpus.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "http/codec/cookie.h"
#include "http/codec/field.h"

namespace fairlead::http::invariants {

using Pairs = std::vector<std::pair<std::string, std::string>>;

inline Pairs read_cookies(std::string_view field) {
  Pairs pairs;
  for_each_cookie(field, [&](const Cookie& cookie) {
    FAIRLEAD_ASSERT(!cookie.text.empty());
    FAIRLEAD_ASSERT(cookie.text.data() >= field.data());
    FAIRLEAD_ASSERT(cookie.text.data() + cookie.text.size() <= field.data() + field.size());
    FAIRLEAD_ASSERT(!cookie.text.contains(';'));
    const bool has_value = cookie.text.contains('=');
    FAIRLEAD_ASSERT(cookie.text == std::string(cookie.name) + (has_value ? "=" : "") + std::string(cookie.value));
    pairs.emplace_back(cookie.name, cookie.value);
  });
  return pairs;
}

// The same by splitting letter by letter.
inline Pairs read_cookies_plainly(std::string_view field) {
  Pairs pairs;
  std::string pair;
  for (const char letter : std::string(field) + ";") {
    if (letter != ';') {
      pair += letter;
      continue;
    }
    while (!pair.empty() && (pair.front() == ' ' || pair.front() == '\t')) pair.erase(0, 1);
    while (!pair.empty() && (pair.back() == ' ' || pair.back() == '\t')) pair.pop_back();
    const std::size_t equals = pair.find('=');
    if (!pair.empty())
      pairs.emplace_back(pair.substr(0, equals), equals == std::string::npos ? "" : pair.substr(equals + 1));
    pair.clear();
  }
  return pairs;
}

// What a server sets is found in what the browser sends back.
inline void check_set_cookie(std::string_view field) {
  const Cookie set = cookie_of_set_cookie(field);
  if (set.name.empty()) return;
  const std::string sent = "a=1; " + std::string(set.name) + "=" + std::string(set.value) + "; b=2";
  const Pairs back = read_cookies(sent);
  FAIRLEAD_ASSERT(back.size() == 3 && back[1].first == set.name && back[1].second == set.value);
}

// One field a line.
inline void check_cookies(std::string_view text) {
  FieldList fields;
  Pairs all;
  while (!text.empty() && fields.size() < 16) {
    const std::size_t end = text.find('\n');
    const std::string_view field = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    const Pairs pairs = read_cookies(field);
    FAIRLEAD_ASSERT(pairs == read_cookies_plainly(field));
    check_set_cookie(field);
    fields.add({.name = "Cookie", .value = field, .id = FieldId::cookie});
    all.insert(all.end(), pairs.begin(), pairs.end());
  }
  all.emplace_back("absent", "");
  for (const auto& [name, value] : all) {
    std::optional<std::string_view> first;
    for (const auto& [other, found] : all)
      if (!first && other == name) first = found;
    const std::optional<std::string_view> found = find_cookie(fields, name);
    FAIRLEAD_ASSERT(found == first || (name == "absent" && !found));
  }
}

}  // namespace fairlead::http::invariants
