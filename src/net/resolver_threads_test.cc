// Lookups on threads of their own; worth running under ThreadSanitizer.
#include <gtest/gtest.h>

#include <chrono>
#include <latch>
#include <memory>
#include <optional>
#include <semaphore>

#include "net/resolver.h"

namespace fairlead::net {
namespace {

using namespace std::chrono_literals;

// Lookups of `hung` hang here until the test is over.
std::counting_semaphore<> let_go{0};
std::counting_semaphore<> hanging{0};
std::counting_semaphore<> has_ended{0};

Lookup hang_or_answer(const Endpoint& endpoint) {
  if (endpoint.host == "hung") {
    hanging.release();
    let_go.acquire();
    has_ended.release();
  }
  return {.addresses = {*numeric_address("10.0.0.1", endpoint.port)}};
}

TEST(SystemResolverThreads, a_lookup_that_hangs_neither_holds_up_the_others_nor_the_end) {
  bool is_hung_told = false;
  std::optional<Lookup> found;
  {
    SystemResolver resolver(hang_or_answer);
    std::latch done(1);
    resolver.resolve({.host = "hung", .port = 1}, [&](const Lookup&) { is_hung_told = true; });
    hanging.acquire();
    resolver.resolve({.host = "app", .port = 80}, [&](Lookup lookup) {
      found = std::move(lookup);
      done.count_down();
    });
    done.wait();
  }
  ASSERT_TRUE(found);
  EXPECT_EQ(found->addresses.front().text(), "10.0.0.1:80");
  // The end did not wait: the lookup still hangs.
  let_go.release();
  has_ended.acquire();
  EXPECT_FALSE(is_hung_told) << "nobody is called after the end";
}

TEST(SystemResolverThreads, every_question_is_answered_once) {
  constexpr int kQuestions = 1000;
  SystemResolver resolver(hang_or_answer);
  std::latch done(kQuestions);
  for (int question = 0; question < kQuestions; ++question)
    resolver.resolve({.host = "app", .port = 80}, [&](const Lookup&) { done.count_down(); });
  done.wait();
}

}  // namespace
}  // namespace fairlead::net
