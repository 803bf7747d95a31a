#include "pool/pace_watch.h"

#include <gtest/gtest.h>

namespace fairlead::pool {
namespace {

using namespace std::chrono_literals;

class SlowSpellTest : public testing::Test {
 protected:
  // How long the spell lasts while nothing is seen of the server.
  Duration pass() {
    const TimePoint began = now_;
    while (spell_.goes_on(Pace::unknown, ServerState::slow, now_)) now_ += 250ms;
    return now_ - began;
  }
  Duration next() {
    spell_.begin(now_);
    return pass();
  }

  SlowSpell spell_;
  TimePoint now_ = TimePoint{} + 1h;
};

TEST_F(SlowSpellTest, each_is_twice_as_long_as_the_one_before_up_to_a_minute) {
  for (const Duration expected : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
    EXPECT_EQ(next(), expected);
    now_ += 2s;
  }
}

TEST_F(SlowSpellTest, one_that_was_seen_normal_at_its_full_share_begins_anew) {
  next();
  EXPECT_EQ(next(), 2s);
  spell_.goes_on(Pace::normal, ServerState::warming, now_);
  EXPECT_EQ(next(), 4s) << "a part of its share proves nothing";
  spell_.goes_on(Pace::between, ServerState::up, now_);
  EXPECT_EQ(next(), 8s);
  EXPECT_TRUE(spell_.is_suspect(now_));
  spell_.goes_on(Pace::normal, ServerState::up, now_);
  EXPECT_FALSE(spell_.is_suspect(now_));
  EXPECT_EQ(next(), 1s);
}

TEST_F(SlowSpellTest, what_was_a_minute_ago_is_forgotten) {
  next();
  now_ += 1min;
  EXPECT_FALSE(spell_.is_suspect(now_));
  EXPECT_EQ(next(), 1s);
}

TEST_F(SlowSpellTest, lasts_while_slow_answers_are_seen_and_ends_with_normal_ones) {
  spell_.begin(now_);
  for (const Pace seen : {Pace::slow, Pace::between, Pace::slow}) {
    now_ += 900ms;
    EXPECT_TRUE(spell_.goes_on(seen, ServerState::slow, now_));
  }
  EXPECT_EQ(pass(), 1s) << "from the last slow answer on";
  spell_.begin(now_);
  EXPECT_FALSE(spell_.goes_on(Pace::normal, ServerState::slow, now_));
}

}  // namespace
}  // namespace fairlead::pool
