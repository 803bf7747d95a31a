#include "app/machine_secret.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <unistd.h>

#include <array>
#include <string_view>

#include "base/assert.h"

namespace fairlead::app {

std::string machine_secret(const config::Environment& environment) {
  constexpr std::size_t kLargest = 1024;
  constexpr std::string_view kPurpose = "fairlead: sticky cookies";
  // machine-id(5): confidential, and not to be used as it is, but as the key of a hash of what it is used for.
  if (const auto id = environment.read_file("/etc/machine-id", kLargest); id && !id->empty()) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
    unsigned int size = 0;
    HMAC(EVP_sha256(), id->data(), static_cast<int>(id->size()),
         reinterpret_cast<const unsigned char*>(kPurpose.data()), kPurpose.size(), mac.data(), &size);
    return {mac.begin(), mac.begin() + size};
  }
  std::string secret(32, '\0');
  FAIRLEAD_ASSERT(::getentropy(secret.data(), secret.size()) == 0);
  return secret;
}

}  // namespace fairlead::app
