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
using config::unsupported;
using namespace std::chrono_literals;

constexpr std::string_view kUsualName = "fairlead";

// `sticky: cookie` is a map with nothing but defaults, and a map has the usual cookie unless it names another.
void expand_sticky(Node& node, const Cursor&, Report&) {
  const bool is_word = node.is_scalar() && (node.value == "cookie" || node.value == "off");
  if (!is_word && !node.is_mapping()) return;
  const config::Place place = node.place;
  const std::string_view cookie = is_word && node.value == "off" ? "" : kUsualName;
  if (is_word) {
    Node sticky = Node::mapping(place);
    sticky.key = node.key;
    sticky.key_place = node.key_place;
    node = std::move(sticky);
  }
  if (node.find("cookie") == nullptr) node.add("cookie", Node::text(std::string(cookie), place));
}

std::optional<Fault> check_cookie_name(const std::string& name) {
  if (name.empty() || check_header_name(name)) return std::nullopt;
  return Fault{"F0215", fmt::format("`{}` is not the name of a cookie", name)};
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
      field("ttl", &StickyOptions::ttl, "How long it lasts; `session`: until the browser is closed.",
            config::optional_of<Duration>(config::schema_for<Duration>(), "session"))
          .range(1s, kLongest),
      field("secure", &StickyOptions::secure, "Whether it is sent by HTTPS only; `auto`: if the client came by HTTPS."),
      field("same_site", &StickyOptions::same_site, "Whether other sites' pages may send it."),
      field("on_down", &StickyOptions::on_down,
            "When its server is down: `move` the client to another, or `fail` with 503."),
      field("secret", &StickyOptions::secret,
            "Signs it; instances with the same secret accept each other's. Default: this machine's own."),
      unsupported("header", "Stickiness by a header."), unsupported("learn", "Stickiness by the app's own cookie."),
      config::ShortForm{expand_sticky, config::text_pattern("^(off|cookie)$")});
}

void validate(const StickyOptions& sticky, const Cursor& at, Report& report) {
  // Browsers drop such a cookie, so no client would ever stick.
  if (sticky.is_on() && sticky.same_site == SameSite::none && sticky.secure == CookieSecure::off)
    report.error(at.at("same_site"), {"F1019", "browsers take a cookie with `same_site: none` only if it is secure",
                                      "but `secure` is off", "use `same_site: lax`, or `secure: on`"});
}

}  // namespace fairlead::pool
