#include "cli/version_command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <ostream>
#include <string_view>

namespace fairlead::cli {

namespace {

constexpr std::array<std::string_view, 2> kFeatures{"http1", "websocket"};

}  // namespace

int version_command(bool as_json, Output& output) {
  if (as_json) {
    output.out << fmt::format(
        R"({{"schema":"fairlead.version/v1","version":"{}","build":"{}","compiler":"{}","tls":null,"features":["{}"]}})"
        "\n",
        FAIRLEAD_VERSION, FAIRLEAD_BUILD, __VERSION__, fmt::join(kFeatures, "\",\""));
  } else {
    output.out << fmt::format("fairlead {}\nbuild     {}, {}\nTLS       none in this version\nfeatures  {}\n",
                              FAIRLEAD_VERSION, FAIRLEAD_BUILD, __VERSION__, fmt::join(kFeatures, ", "));
  }
  return kDone;
}

}  // namespace fairlead::cli
