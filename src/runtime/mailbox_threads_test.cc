// Many threads post to one loop while it runs.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <thread>
#include <vector>

#include "runtime/epoll/epoll_loop.h"
#include "runtime/mailbox.h"

namespace fairlead::runtime {
namespace {

TEST(MailboxThreads, every_letter_is_run_once_in_the_order_of_its_sender) {
  constexpr int kSenders = 4;
  constexpr int kLetters = 2000;
  EpollLoop loop;
  std::array<std::vector<int>, kSenders> seen;
  int left = kSenders * kLetters;
  std::vector<std::thread> senders;
  for (std::size_t sender = 0; sender < kSenders; ++sender) {
    senders.emplace_back([&, sender] {
      for (int letter = 0; letter < kLetters; ++letter) {
        loop.post_from_anywhere([&, sender, letter] {
          seen[sender].push_back(letter);
          if (--left == 0) loop.stop();
        });
      }
    });
  }
  loop.run();
  for (std::thread& sender : senders) sender.join();
  for (const std::vector<int>& letters : seen) {
    ASSERT_EQ(letters.size(), static_cast<std::size_t>(kLetters));
    EXPECT_TRUE(std::ranges::is_sorted(letters));
  }
}

TEST(Mailbox, a_letter_may_post_another_which_runs_in_the_next_round) {
  Mailbox box;
  std::vector<int> order;
  box.put([&] {
    order.push_back(1);
    box.put([&] { order.push_back(3); });
  });
  box.put([&] { order.push_back(2); });
  box.run_all();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
  box.run_all();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST(Mailbox, only_the_first_letter_rings_the_bell) {
  Mailbox box;
  EXPECT_TRUE(box.put([] {}));
  EXPECT_FALSE(box.put([] {}));
  box.run_all();
  EXPECT_TRUE(box.put([] {}));
}

TEST(Mailbox, letters_that_nobody_read_are_dropped_with_what_they_hold) {
  const auto witness = std::make_shared<int>(0);
  {
    Mailbox box;
    box.put([witness] {});
    box.put([witness] {});
    EXPECT_EQ(witness.use_count(), 3);
  }
  EXPECT_EQ(witness.use_count(), 1);
}

}  // namespace
}  // namespace fairlead::runtime
