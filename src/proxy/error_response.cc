#include "proxy/error_response.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

#include "http/codec/field.h"
#include "http/codec/serializer.h"

namespace fairlead::proxy {

namespace {

enum class PageFormat : std::uint8_t { html, problem_json, text };

// The first type of Accept that we can make decides; weights are not worth their complexity here.
PageFormat format_for(std::string_view accept) {
  PageFormat format = PageFormat::text;
  bool found = false;
  http::for_each_list_element(accept, [&](std::string_view element) {
    if (found) return;
    const std::string_view type = element.substr(0, element.find(';'));
    found = true;
    if (type == "text/html" || type == "application/xhtml+xml") {
      format = PageFormat::html;
    } else if (type == "application/json" || type == "application/problem+json" || type.ends_with("+json")) {
      format = PageFormat::problem_json;
    } else {
      found = type == "text/plain" || type == "*/*";
    }
  });
  return format;
}

// What a visitor reads: whose trouble it is and what to do, without any internals.
std::string_view advice_for(std::uint16_t status, ErrorCode code) {
  if (code == ErrorCode::no_route) return "Nothing is set up at this address.";
  switch (status) {
    case 502:
      return "This site is having trouble. It is not your connection. Try again in a minute.";
    case 503:
      return "This site is busy right now. We will have room again soon.";
    case 504:
      return "This took too long to answer.";
    case 408:
      return "The request took too long to arrive.";
    case 429:
      return "Too many connections are open from your address. Close some and try again.";
    case 413:
      return "What was sent is too large.";
    default:
      return "The request could not be understood.";
  }
}

std::string escape_html(std::string_view text) {
  std::string escaped;
  for (const char letter : text) {
    switch (letter) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += letter;
    }
  }
  return escaped;
}

std::string escape_json(std::string_view text) {
  std::string escaped;
  for (const char letter : text) {
    if (letter == '"' || letter == '\\') escaped += '\\';
    if (static_cast<unsigned char>(letter) < 0x20) {
      escaped += fmt::format("\\u{:04x}", static_cast<unsigned>(letter));
    } else {
      escaped += letter;
    }
  }
  return escaped;
}

// `connect_refused: nothing is listening on 127.0.0.1:3002. Is the app running?` Only for those who may know.
std::string explanation(const Error& error, const ErrorContext& context) {
  const bool may_tell =
      context.detail == ErrorDetail::full || (context.detail == ErrorDetail::automatic && context.client_is_local);
  if (!may_tell) return {};
  if (error.code == ErrorCode::connect_refused && !context.server.empty()) {
    const std::size_t colon = context.server.rfind(':');
    const std::string_view port = colon == std::string_view::npos ? context.server : context.server.substr(colon + 1);
    return fmt::format("connect_refused: nothing is listening on {}. Is the app running? It must listen on port {}.",
                       context.server, port);
  }
  std::string text(word(error.code));
  if (!error.detail.empty()) text += fmt::format(": {}", error.detail);
  if (!context.server.empty() && error.blame == Blame::upstream) text += fmt::format(" (server {})", context.server);
  return text;
}

std::string html_page(std::string_view title, std::string_view advice, std::string_view why,
                      const ErrorContext& context) {
  const auto minutes = std::chrono::floor<std::chrono::minutes>(context.at.time_since_epoch()).count() % (24 * 60);
  const std::string reason = why.empty() ? std::string() : fmt::format("<p><code>{}</code></p>\n", escape_html(why));
  return fmt::format(
      R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>{0}</title><style>:root{{color-scheme:light dark}}body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:36rem;
margin:15vh auto;padding:0 1.5rem;background:#f6f7f9;color:#1b222b}}code{{overflow-wrap:anywhere}}
footer{{font-size:.85rem;color:#5b6470}}@media(prefers-color-scheme:dark){{body{{background:#0f1419;color:#e6e9ee}}
footer{{color:#a7afba}}}}</style></head>
<body><main><h1>{0}</h1><p>{1}</p>
{2}</main><footer>Reference {3} · {4:02}:{5:02} UTC</footer></body></html>
)",
      title, advice, reason, context.request_id, minutes / 60, minutes % 60);
}

}  // namespace

std::uint16_t status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::connect_refused:
    case ErrorCode::connect_unreachable:
    case ErrorCode::dns_failed:
    case ErrorCode::reset_before_response:
    case ErrorCode::reset_mid_response:
    case ErrorCode::bad_response:
    case ErrorCode::response_too_large:
      return 502;
    case ErrorCode::connect_timeout:
    case ErrorCode::response_timeout:
    case ErrorCode::total_timeout:
    case ErrorCode::timed_out:
      return 504;
    case ErrorCode::no_server:
    case ErrorCode::queue_full:
    case ErrorCode::queue_timeout:
    case ErrorCode::stopping:
    case ErrorCode::out_of_resources:
    case ErrorCode::memory_full:
    case ErrorCode::canceled:
      return 503;
    case ErrorCode::no_route:
      return 404;
    case ErrorCode::bad_request:
    case ErrorCode::chunk_extensions_too_long:
      return 400;
    case ErrorCode::uri_too_long:
      return 414;
    case ErrorCode::header_too_large:
    case ErrorCode::trailers_too_large:
      return 431;
    case ErrorCode::body_too_large:
      return 413;
    case ErrorCode::not_implemented:
      return 501;
    case ErrorCode::version_not_supported:
      return 505;
    case ErrorCode::expectation_failed:
      return 417;
    case ErrorCode::request_timeout:
      return 408;
    case ErrorCode::too_many_connections:
      return 429;
    case ErrorCode::client_gone:
      return 499;
    case ErrorCode::count_:
      break;
  }
  return 500;
}

ErrorResponse error_response(const Error& error, const ErrorContext& context) {
  ErrorResponse response;
  response.status = status_of(error.code);
  const std::string_view title = http::reason_of(response.status);
  const std::string_view advice = advice_for(response.status, error.code);
  const std::string why = explanation(error, context);
  switch (format_for(context.accept)) {
    case PageFormat::html:
      response.content_type = "text/html; charset=utf-8";
      response.body = html_page(title, advice, why, context);
      break;
    case PageFormat::problem_json:
      response.content_type = "application/problem+json";
      response.body = fmt::format(
          R"({{"type":"about:blank","title":"{}","status":{},"detail":"{}","request_id":"{}"}})", title,
          response.status, escape_json(why.empty() ? advice : std::string_view(why)), escape_json(context.request_id));
      break;
    case PageFormat::text:
      response.content_type = "text/plain; charset=utf-8";
      response.body = fmt::format("{} {}\n{}\n{}{}Reference {}\n", response.status, title, advice, why,
                                  why.empty() ? "" : "\n", context.request_id);
      break;
  }
  return response;
}

runtime::Task<void> send_error(http::ServerStream& downstream, const Error& error, const ErrorContext& context) {
  const ErrorResponse page = error_response(error, context);
  http::BufferWriter& writer = downstream.begin_head(page.status, http::reason_of(page.status));
  http::write_field(writer, "Date", http_date(context.at));
  http::write_field(writer, "Content-Type", page.content_type);
  http::write_field(writer, "Cache-Control", "no-store");
  if (context.retry_after) http::write_field(writer, "Retry-After", fmt::to_string(*context.retry_after));
  http::write_field(writer, "X-Request-Id", context.request_id);
  co_await downstream.send_head({http::Framing::length, page.body.size()}, {page.body, true});
}

std::string http_date(WallTime at) {
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(at.time_since_epoch()).count();
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", utc);
}

}  // namespace fairlead::proxy
