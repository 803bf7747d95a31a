#include "proxy/kept_record.h"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>

namespace fairlead::proxy {
namespace {

using namespace std::chrono_literals;
using telemetry::AccessRecord;

std::string line_of(const AccessRecord& record) {
  std::array<char, telemetry::kMaxLine> room;
  return std::string(telemetry::format_access(telemetry::AccessFormat::json, record, room));
}

TEST(KeptRecord, gives_the_line_that_the_record_would_have_given) {
  constexpr std::array kRefused{telemetry::AttemptRecord{"10.0.0.1:80", "connect_refused", 400us}};
  std::string texts = "an id, a client, a host and so on";
  AccessRecord record{.at = WallTime(1'768'485'729'114ms),
                      .id = std::string_view(texts).substr(0, 5),
                      .client = std::string_view(texts).substr(7, 8),
                      .listener = "web",
                      .proto = "h1",
                      .method = "GET",
                      .host = std::string_view(texts).substr(17, 6),
                      .path = "/chat",
                      .query = "room=1",
                      .route = "chat",
                      .pool = "app",
                      .server = "10.0.0.2:80",
                      .status = 101,
                      .queue = 0us,
                      .connect = std::nullopt,
                      .first_byte = 3ms,
                      .reused = true,
                      .attempts = kRefused,
                      .user_agent = "a browser"};
  const std::string line = line_of(record);
  const KeptRecord kept(record);
  texts.assign(texts.size(), '!');
  EXPECT_EQ(line_of(kept.record()), line);
}

TEST(KeptRecord, keeps_no_more_of_a_text_than_a_line_has_room_for) {
  const std::string path(100'000, 'p');
  AccessRecord record{.path = path};
  const KeptRecord kept(record);
  EXPECT_LT(kept.record().path.size(), path.size());
  EXPECT_EQ(line_of(kept.record()), line_of(record));
}

}  // namespace
}  // namespace fairlead::proxy
