#include "app/name_check.h"

#include <gtest/gtest.h>

namespace fairlead::app {
namespace {

TEST(NameCheck, warns_of_a_name_without_an_address_at_its_place_and_asks_for_no_number) {
  const LoadResult loaded = load_text("f.yaml", "listen: :8080\nto: [127.0.0.1:3000, app.invalid:3000, good.test:1]\n",
                                      config::EmptyEnvironment());
  ASSERT_TRUE(loaded);
  std::vector<std::string> asked;
  const config::Diagnostics found = check_names(*loaded, [&](const net::Endpoint& endpoint) {
    asked.push_back(endpoint.host);
    return endpoint.host == "app.invalid" ? "unknown" : "";
  });
  EXPECT_EQ(asked, (std::vector<std::string>{"app.invalid", "good.test"}));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].code, "F2102");
  EXPECT_EQ(found[0].severity, config::Severity::warning);
  EXPECT_EQ(found[0].line, 2U);
  EXPECT_EQ(found[0].column, 22U);
}

}  // namespace
}  // namespace fairlead::app
