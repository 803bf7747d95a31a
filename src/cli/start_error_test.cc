#include "cli/start_error.h"

#include <gtest/gtest.h>

#include "cli/output.h"

namespace fairlead::cli {
namespace {

using Cause = net::ListenError::Cause;

std::string text_of(Cause cause, net::Endpoint endpoint, std::optional<PortOwner> owner = {}) {
  return start_error_text({.listen = net::ListenError{cause, std::move(endpoint), "what the system said"}},
                          "/opt/fairlead", [&](std::uint16_t) { return owner; });
}

TEST(StartError, names_who_uses_the_port_and_another_port) {
  EXPECT_EQ(text_of(Cause::in_use, {.port = 8080}, PortOwner{"node", 4121}),
            "port 8080 is used by `node` (pid 4121). Stop it, or use --listen :8081");
  EXPECT_EQ(text_of(Cause::in_use, {.host = "::1", .port = 8080}),
            "port 8080 is used by another process. Stop it, or use --listen [::1]:8081");
  EXPECT_EQ(text_of(Cause::in_use, {.port = 65535}, PortOwner{"node", 1}),
            "port 65535 is used by `node` (pid 1). Stop it, or use --listen :65534");
  EXPECT_EQ(text_of(Cause::in_use, {.unix_path = "/run/x"}), "unix:/run/x is used by another process");
}

TEST(StartError, says_how_a_port_is_permitted_to_this_very_program) {
  EXPECT_EQ(
      text_of(Cause::not_permitted, {.port = 80}),
      "port 80 needs permission. Run `sudo setcap cap_net_bind_service=+ep /opt/fairlead`, or use --listen :8080");
  EXPECT_EQ(text_of(Cause::not_permitted, {.unix_path = "/run/x"}),
            "unix:/run/x may not be made: what the system said");
}

TEST(StartError, says_what_is_wrong_with_an_address) {
  EXPECT_EQ(text_of(Cause::not_local, {.host = "10.9.9.9", .port = 80}),
            "10.9.9.9 is not an address of this machine. Use --listen :80");
  EXPECT_EQ(text_of(Cause::unresolved, {.host = "nope", .port = 80}),
            "the name nope has no address (what the system said). Use --listen :80");
  EXPECT_EQ(text_of(Cause::other, {.host = "h", .port = 80}), "cannot listen on h:80: what the system said");
}

TEST(StartError, exits_with_8_where_permission_is_missing_and_with_1_otherwise) {
  EXPECT_EQ(start_error_exit_code({.listen = net::ListenError{Cause::not_permitted, {}, ""}}), kNotPermitted);
  EXPECT_EQ(start_error_exit_code({.listen = net::ListenError{Cause::in_use, {}, ""}}), kFailed);
  EXPECT_EQ(start_error_exit_code({.log = "cannot open the log"}), kFailed);
}

}  // namespace
}  // namespace fairlead::cli
