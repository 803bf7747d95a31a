// How `sticky` is written in a configuration: `cookie`, or a map.
#include <fmt/format.h>

#include <algorithm>

#include "pool/options_schema.h"

namespace fairlead::pool {
namespace {

using config::Cursor;
using config::Fault;
using config::field;
using config::Node;
using config::Report;
using namespace std::chrono_literals;

constexpr std::string_view kUsualName = "fairlead";

// `sticky: cookie` is a map with nothing but defaults, and a map has the usual cookie unless it names another, or what
// clients stick by instead.
void expand_sticky(Node& node, const Cursor&, Report&) {
  const bool is_word = node.is_scalar() && (node.value == "cookie" || node.value == "off");
  if (!is_word && !node.is_mapping()) return;
  const config::Place place = node.place;
  const bool is_off = is_word && node.value == "off";
  if (is_word) {
    Node sticky = Node::mapping(place);
    sticky.key = node.key;
    sticky.key_place = node.key_place;
    node = std::move(sticky);
  }
  const bool is_learned = node.find("header") != nullptr || node.find("learn") != nullptr;
  if (node.find("cookie") == nullptr)
    node.add("cookie", Node::text(is_off || is_learned ? std::string() : std::string(kUsualName), place));
}

std::optional<Fault> check_cookie_name(const std::string& name) {
  if (name.empty() || check_header_name(name)) return std::nullopt;
  return Fault{"F0215", fmt::format("`{}` is not the name of a cookie", name)};
}

std::optional<Fault> check_header(const std::string& name) {
  if (name.empty()) return std::nullopt;
  if (const auto checked = check_header_name(name); !checked) return checked.error();
  return std::nullopt;
}

config::Parsed<Secret> parse_secret(std::string_view text) {
  constexpr std::size_t kShortest = 16;
  // A file's last line end is not part of the secret.
  text = text.substr(0, text.find_last_not_of("\r\n") + 1);
  if (text.empty() || text.size() >= kShortest) return Secret{std::string(text)};
  return std::unexpected(Fault{"F0219", "a secret this short can be guessed", fmt::format("{} characters", text.size()),
                               "take at least 16, as from `openssl rand -hex 16`"});
}

std::string print_secret(const Secret& secret) { return secret.text.empty() ? "" : "(hidden)"; }

}  // namespace

config::SchemaPtr schema_of(const Secret*) {
  Node json = Node::mapping();
  json.add("type", Node::text("string"));
  config::ScalarType type = config::scalar_type<Secret>("secret text", std::move(json), parse_secret, print_secret);
  type.is_text = true;
  return config::scalar(std::move(type));
}

config::EnumWords<CookieSecure> words_of(const CookieSecure*) {
  return {.usual = {{"auto", CookieSecure::automatic}, {"on", CookieSecure::on}, {"off", CookieSecure::off}}};
}

config::EnumWords<SameSite> words_of(const SameSite*) {
  return {.usual = {{"lax", SameSite::lax}, {"strict", SameSite::strict}, {"none", SameSite::none}}};
}

config::EnumWords<OnDown> words_of(const OnDown*) {
  return {.usual = {{"move", OnDown::move}, {"fail", OnDown::fail}}};
}

config::SchemaPtr schema_of(const StickyOptions*) {
  constexpr Duration kLongest = 24h * 3650;
  return config::record<StickyOptions>(
      field("cookie", &StickyOptions::cookie,
            "The name of the cookie that Fairlead sets; `fairlead` where `sticky` is written, and empty for none.")
          .check(check_cookie_name),
      field("header", &StickyOptions::header,
            "Instead of a cookie of ours: requests with the same value of this header go to one server.")
          .check(check_header),
      field("learn", &StickyOptions::learn,
            "Instead of a cookie of ours: the app's own session cookie, which is left as it is.")
          .check(check_cookie_name),
      field("ttl", &StickyOptions::ttl,
            "How long it lasts; `session`: until the browser is closed, and with `header` or `learn` for one hour "
            "without a request.",
            config::optional_of<Duration>(config::schema_for<Duration>(), "session"))
          .range(1s, kLongest),
      field("secure", &StickyOptions::secure, "Whether it is sent by HTTPS only; `auto`: if the client came by HTTPS."),
      field("same_site", &StickyOptions::same_site, "Whether other sites' pages may send it."),
      field("on_down", &StickyOptions::on_down,
            "When its server is down: `move` the client to another, or `fail` with 503."),
      field("secret", &StickyOptions::secret,
            "Signs it; instances with the same secret accept each other's. Default: this machine's own."),
      config::ShortForm{expand_sticky, config::text_pattern("^(off|cookie)$")});
}

void validate(const StickyOptions& sticky, const Cursor& at, Report& report) {
  if (!sticky.header.empty() && !sticky.learn.empty())
    report.error(at.at("learn"),
                 {"F1050", "clients stick by one thing", "there is `header` too", "delete one of them"});
  if (sticky.is_learned() && !sticky.cookie.empty())
    report.error(at.at("cookie"),
                 {"F1050", "clients stick by one thing", "there is `header` or `learn` too", "delete one of them"});
  for (const char* key : {"secure", "same_site"})
    if (sticky.is_learned() && at.at(key).exists())
      report.error(at.at(key),
                   {"F1050", fmt::format("`{}` is for the cookie that Fairlead sets, and it sets none", key), "",
                    "delete it, or `header` and `learn`"});
  // Browsers drop such a cookie, so no client would ever stick.
  if (sticky.is_on() && sticky.same_site == SameSite::none && sticky.secure == CookieSecure::off)
    report.error(at.at("same_site"), {"F1019", "browsers take a cookie with `same_site: none` only if it is secure",
                                      "but `secure` is off", "use `same_site: lax`, or `secure: on`"});
}

}  // namespace fairlead::pool
