#include "http/codec/websocket_frames.h"

#include <gtest/gtest.h>

#include <string>

namespace fairlead::http {
namespace {

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text.push_back(static_cast<char>(value));
  return text;
}

// Every split of a direction must be followed alike.
bool takes_another_frame_however_split(const std::string& direction) {
  WebSocketFrames whole;
  whole.feed(direction);
  WebSocketFrames bytewise;
  for (const char byte : direction) bytewise.feed({&byte, 1});
  EXPECT_EQ(whole.takes_another_frame(), bytewise.takes_another_frame());
  return whole.takes_another_frame();
}

TEST(WebSocketFrames, AFrameMayStandAtTheBeginning) { EXPECT_TRUE(WebSocketFrames().takes_another_frame()); }

TEST(WebSocketFrames, NoFrameMayStandWithinAnother) {
  const std::string hello = bytes({0x81, 0x05, 'h', 'e', 'l', 'l', 'o'});
  for (std::size_t size = 1; size < hello.size(); ++size) {
    EXPECT_FALSE(takes_another_frame_however_split(hello.substr(0, size))) << size;
  }
  EXPECT_TRUE(takes_another_frame_however_split(hello));
}

TEST(WebSocketFrames, AMaskedFrameEndsAfterItsPayload) {
  const std::string masked = bytes({0x82, 0x83, 9, 9, 9, 9, 'a', 'b', 'c'});
  EXPECT_FALSE(takes_another_frame_however_split(masked.substr(0, 8)));
  EXPECT_TRUE(takes_another_frame_however_split(masked));
}

TEST(WebSocketFrames, LengthsOfSixteenAndSixtyFourBitsAreRead) {
  const std::string medium = bytes({0x82, 126, 0x01, 0x02}) + std::string(0x0102, 'x');
  EXPECT_TRUE(takes_another_frame_however_split(medium));
  EXPECT_FALSE(takes_another_frame_however_split(medium.substr(0, medium.size() - 1)));
  const std::string large = bytes({0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0}) + std::string(0x10000, 'x');
  EXPECT_TRUE(takes_another_frame_however_split(large));
  EXPECT_FALSE(takes_another_frame_however_split(large + 'x'));
}

TEST(WebSocketFrames, NothingFollowsACloseFrame) {
  EXPECT_FALSE(takes_another_frame_however_split(std::string(going_away_from_server())));
  EXPECT_FALSE(takes_another_frame_however_split(std::string(going_away_from_client())));
}

TEST(WebSocketFrames, BothCloseFramesSayGoingAway) {
  EXPECT_EQ(going_away_from_server(), bytes({0x88, 0x02, 1001 >> 8, 1001 & 0xFF}));
  const std::string_view masked = going_away_from_client();
  ASSERT_EQ(masked.size(), 8U);
  EXPECT_EQ(static_cast<std::uint8_t>(masked[6] ^ masked[2]), 1001 >> 8);
  EXPECT_EQ(static_cast<std::uint8_t>(masked[7] ^ masked[3]), 1001 & 0xFF);
}

}  // namespace
}  // namespace fairlead::http
