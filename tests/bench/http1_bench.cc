// What the HTTP/1 codec costs: heads in, heads out, chunks.
#include <benchmark/benchmark.h>

#include <array>
#include <string>

#include "http/codec/body_decoder.h"
#include "http/codec/head_parser.h"
#include "http/codec/serializer.h"

namespace fairlead::http {
namespace {

constexpr std::string_view kSmallRequest = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";

// 250 bytes and seven fields, as the figures in the documents.
constexpr std::string_view kRequest =
    "GET /shop/items?page=2&sort=price HTTP/1.1\r\n"
    "Host: www.example.com\r\n"
    "User-Agent: curl/8.5.0 (x86_64)\r\n"
    "Accept: application/json\r\n"
    "Accept-Encoding: gzip, br\r\n"
    "Connection: keep-alive\r\n"
    "Cookie: session=0123456789abcdef01\r\n"
    "X-Client: mobile-app/7.2.1\r\n"
    "\r\n";
static_assert(kRequest.size() >= 240 && kRequest.size() <= 260);

constexpr std::string_view kBrowserRequest =
    "GET /shop/items?page=2&sort=price&filter=colour%3Ablue HTTP/1.1\r\n"
    "Host: www.example.com\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n"
    "Accept-Language: en-GB,en;q=0.7,de;q=0.3\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Referer: https://www.example.com/shop/categories/household/kitchen?from=home\r\n"
    "Connection: keep-alive\r\n"
    "Cookie: session=0123456789abcdef0123456789abcdef0123456789abcdef; theme=dark; consent=yes; "
    "_track=GA1.2.1234567890.1700000000; _track2=GA1.2.987654321.1700000000\r\n"
    "Upgrade-Insecure-Requests: 1\r\n"
    "If-None-Match: \"33a64df551425fcc55e4d42a148795d9f25f89d4\"\r\n"
    "\r\n";

constexpr std::string_view kResponse =
    "HTTP/1.1 200 OK\r\n"
    "Server: nginx/1.22.1\r\n"
    "Date: Tue, 24 Nov 2026 11:00:00 GMT\r\n"
    "Content-Type: application/json\r\n"
    "Content-Length: 128\r\n"
    "Connection: keep-alive\r\n"
    "ETag: \"6740b5c1-80\"\r\n"
    "\r\n";

void parse_request(benchmark::State& state, std::string_view bytes) {
  static RequestHead head;
  for (auto step : state) {
    benchmark::DoNotOptimize(bytes);
    benchmark::DoNotOptimize(parse_request_head(bytes, {}, head));
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * bytes.size()));
}
BENCHMARK_CAPTURE(parse_request, small, kSmallRequest);
BENCHMARK_CAPTURE(parse_request, seven_fields, kRequest);
BENCHMARK_CAPTURE(parse_request, browser, kBrowserRequest);

void parse_response(benchmark::State& state) {
  static ResponseHead head;
  for (auto step : state) {
    benchmark::DoNotOptimize(parse_response_head(kResponse, {}, Method::get, head));
    benchmark::ClobberMemory();
  }
}
BENCHMARK(parse_response);

void rewrite_request(benchmark::State& state) {
  static RequestHead head;
  parse_request_head(kRequest, {}, head);
  std::array<char, 1024> space;
  for (auto step : state) {
    BufferWriter writer(space);
    write_request_line(writer, head);
    copy_fields(writer, head.fields, hop_by_hop_fields(head.fields));
    write_field(writer, "X-Forwarded-For", "203.0.113.7");
    write_framing(writer, head.framing, head.content_length);
    end_head(writer);
    benchmark::DoNotOptimize(writer.written());
    benchmark::ClobberMemory();
  }
}
BENCHMARK(rewrite_request);

void decode_chunks(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  std::string bytes(32, '\0');
  BufferWriter writer(bytes);
  write_chunk_size(writer, size);
  bytes.resize(writer.size());
  bytes += std::string(size, 'x') + "\r\n0\r\n\r\n";
  for (auto step : state) {
    BodyDecoder decoder(Framing::chunked, 0);
    std::string_view left = bytes;
    while (!left.empty()) left.remove_prefix(decoder.feed(left).consumed);
    benchmark::DoNotOptimize(decoder.is_complete());
  }
}
BENCHMARK(decode_chunks)->Arg(16)->Arg(16384);

}  // namespace
}  // namespace fairlead::http

BENCHMARK_MAIN();
