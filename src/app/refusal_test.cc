// Everything in the grammar that this version does not support is refused by its name, and every value by its type.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "app/config_test_support.h"

namespace fairlead::app {
namespace {

using testing::HasSubstr;

struct Refused {
  std::string text;
  std::string code;
  std::string message;
};

class Refusal : public testing::TestWithParam<Refused> {};

TEST_P(Refusal, is_by_name_and_place) {
  const auto found = diagnostics(GetParam().text);
  ASSERT_FALSE(found.empty());
  const auto match = std::ranges::find_if(found, [](const auto& one) { return one.code == GetParam().code; });
  ASSERT_NE(match, found.end()) << "got " << found[0].code << ": " << found[0].message;
  EXPECT_THAT(match->message, HasSubstr(GetParam().message));
  EXPECT_GT(match->line, 0U);
  EXPECT_GT(match->column, 0U);
}

std::vector<Refused> unsupported_keys() {
  std::vector<Refused> all;
  const auto add = [&](const std::string& before, const std::string& after, std::initializer_list<const char*> keys) {
    for (const std::string key : keys)
      all.push_back({before + key + ": {}" + after, "F0102", "`" + key + "` is not supported yet"});
  };
  add("to: 1\n", "", {"tables", "metrics", "tracing", "admin", "ha", "state_dir", "user"});
  add("to: 1\nlisteners: {a: {address: \":1\", ", "}}", {"redirect_to_https", "http2", "http3", "tls"});
  add("listen: :1\npools: {p: {servers: [2]}}\nroutes: [{to: p, ", "}]",
      {"rewrite", "headers", "rate_limit", "allow", "deny", "auth", "canary", "mirror", "compress", "errors"});
  add("listen: :1\npools: {p: {servers: [2]}}\nroutes: [{to: p, match: {", "}}]",
      {"query", "cookie", "client", "sni", "table"});
  add("listen: :1\nroutes: [{to: p}]\npools: {p: {servers: [2], ", "}}", {"discover", "protocol", "tls", "udp"});
  add("to: [{address: 1, ", "}]", {"tags"});
  add("to: 1\nerrors: {", "}", {"pages", "replace"});
  add("to: 1\nlog: {", "}", {"redact"});
  return all;
}

INSTANTIATE_TEST_SUITE_P(OfKeys, Refusal, testing::ValuesIn(unsupported_keys()));

INSTANTIATE_TEST_SUITE_P(
    OfWords, Refusal,
    testing::Values(Refused{"listeners: {a: {address: \":1\", protocol: tcp}}\nto: 1", "F0103", "`tcp`"},
                    Refused{"listen: https://myapp.com\nto: 1", "F0103", "`https://`"},
                    Refused{"listen: :443\nto: 1", "F0103", "443"}, Refused{"listen: fd:web\nto: 1", "F0103", "`fd:`"},
                    Refused{"to: https://10.0.0.1:3000", "F0103", "`https://`"},
                    Refused{"to: h2c://10.0.0.1:3000", "F0103", "`h2c://`"},
                    Refused{"to: dns:app:3000", "F0103", "`dns:`"}, Refused{"to: srv:_http.app", "F0103", "`srv:`"},
                    Refused{"to: 1\nhealth: {type: grpc}", "F0103", "`grpc`"},
                    Refused{"to: 1\nhealth: {type: h2c}", "F0103", "`h2c`"},
                    Refused{"listen: :1\nroutes: [{match: {path: '~ ^/a$'}, respond: {}}]", "F0103", "regular"},
                    Refused{"listen: :1\nroutes: [{to: web/10.0.0.1:80}]", "F0103", "single server"}));

INSTANTIATE_TEST_SUITE_P(
    OfValues, Refusal,
    testing::Values(
        Refused{"listen: 8080\nto: 1", "F0211", "does not say"},
        Refused{"listen: myapp.com:80\nto: 1", "F0211", "this machine"},
        Refused{"listen: ::1:80\nto: 1", "F0211", "`::1:80`"}, Refused{"to: host:0", "F0211", "`0` is not a port"},
        Refused{"to: host:65536", "F0211", "not a port"}, Refused{"to: host:80/path", "F0211", "not an address"},
        Refused{"to: 10.0.0:80", "F0211", "not a host name"}, Refused{"to: '[::1]'", "F0211", "no port"},
        Refused{"to: 'unix:x'", "F0211", "Unix socket"}, Refused{"to: 1\nversion: 2", "F0204", "`2`"},
        Refused{"to: 1\nworkers: 0", "F0204", "`0` is out of range"}, Refused{"to: 1\nworkers: 1.5", "F0202", "whole"},
        Refused{"to: 1\nhealth: {path: /h, every: soon}", "F0205", "`soon`"},
        Refused{"to: 1\nhealth: {path: /h, every: 99999999d}", "F0205", "not a duration"},
        Refused{"to: 1\nhealth: {path: /h, rise: 0}", "F0204", "`0`"},
        Refused{"to: 1\nhealth: health", "F0212", "`health` is not a path"},
        Refused{"to: 1\nhealth: off", "F0212", "cannot be turned off"},
        Refused{"to: 1\nhealth: {path: /h, expect: 2xx}", "F0213", "`2xx`"},
        Refused{"to: 1\nhealth: {path: /h, headers: {'a b': c}}", "F0215", "`a b`"},
        Refused{"to: [{address: 1, weight: 10001}]", "F0204", "`10001`"},
        Refused{"to: [{weight: 1}]", "F0104", "`address`"},
        Refused{"to: [{address: 1, backup: yes}]", "F0208", "`yes`"},
        Refused{"to: 1\ndefaults: {pool: {passive: {min_share: 0.5}}}", "F0209", "sign"},
        Refused{"to: 1\ndefaults: {route: {body: {max: 10}}}", "F0210", "unit"},
        Refused{"to: 1\ndefaults: {route: {body: {max: 10 MB}}}", "F0210", "`10 MB`"},
        Refused{"to: 1\nlisteners: {a: {address: ':1', limits: {min_rate: 240B}}}", "F0210", "`240B` is not a rate"},
        Refused{"to: 1\nlisteners: {a: {address: ':1', limits: {min_rate: 0B/s}}}", "F0204", "`0B/s`"},
        Refused{"to: 1\nlisteners: {a: {address: ':1', limits: {connections: 0}}}", "F0204", "`0`"},
        Refused{"to: 1\nlisteners: {a: {address: ':1', limits: {connections: off}}}", "F0202", "`off`"},
        Refused{"to: 1\nlisteners: {a: {address: ':1', limits: {per_client: auto}}}", "F0202", "`auto`"},
        Refused{"to: 1\ndefaults: {pool: {algorithm: best}}", "F0206", "`best`"},
        Refused{"to: 1\ndefaults: {pool: {subset: 0}}", "F0204", "`0`"}, Refused{"to: 1\nzone: a b", "F0214", "`a b`"},
        Refused{"to: [{address: 1, zone: a b}]", "F0214", "`a b`"},
        Refused{"to: 1\ndefaults: {pool: {algorithm: hash, hash: {key: user}}}", "F0230", "`user`"},
        Refused{"to: 1\ndefaults: {pool: {algorithm: hash, hash: {key: cookie}}}", "F0230", "`cookie` needs a name"},
        Refused{"to: 1\ndefaults: {pool: {algorithm: hash, hash: {key: 'header:'}}}", "F0230", "`header` needs a name"},
        Refused{"to: 1\ndefaults: {pool: {algorithm: hash, hash: {key: 'header:a b'}}}", "F0215", "`a b`"},
        Refused{"to: 1\ndefaults: {pool: {algorithm: hash, hash: {key: 'path:x'}}}", "F0230", "`path:x`"},
        Refused{"to: 1\ndefaults: {pool: {algorithm: hash, hash: {bounded_load: 100%}}}", "F0209", "`100%`"},
        Refused{"to: 1\ndefaults: {pool: {algorithm: hash, hash: {table: jump}}}", "F0206", "`jump`"},
        Refused{"to: 1\nlog: {access: {output: file.log}}", "F0206", "`file.log`"},
        Refused{"to: 1\nlisteners: {'a b': {address: ':1'}}", "F0214", "`a b`"},
        Refused{"to: 1\nshutdown: 5s", "F0201", "map of keys"}, Refused{"to: 1\nworkers: [1]", "F0201", "list"},
        Refused{"to: 1\nworkers:", "F0207", "`workers` has no value"},
        Refused{"to: 1\nworkerz: 1", "F0101", "`workerz`"},
        Refused{"listen: :1\nroutes: [{match: {host: a.com:80}, respond: {}}]", "F0212", "port"},
        Refused{"listen: :1\nroutes: [{match: {host: a.*.com}, respond: {}}]", "F0212", "wrong place"},
        Refused{"listen: :1\nroutes: [{match: {path: /a*}, respond: {}}]", "F0212", "wrong place"},
        Refused{"listen: :1\nroutes: [{match: {method: get}, respond: {}}]", "F0217", "`get`"},
        Refused{"listen: :1\nroutes: [{redirect: {status: 304}}]", "F0204", "`304`"},
        Refused{"listen: :1\nroutes: [{redirect: {to: 'https://{hots}'}}]", "F0216", "`{hots}`"},
        Refused{"listen: :1\nroutes: [{redirect: {to: '//{path}'}}]", "F0216", "no host comes after"},
        Refused{"listen: :1\nroutes: [{redirect: {to: 'https://{uri}'}}]", "F0216", "no host comes after"},
        Refused{"listen: :1\nroutes: [{redirect: {to: 'https:/{path}'}}]", "F0216", "no host comes after"},
        Refused{"listen: :1\nroutes: [{redirect: {to: 'https:{uri}'}}]", "F0216", "no host comes after"},
        Refused{"listen: :1\nroutes: [{redirect: {to: '///{host}'}}]", "F0216", "no host comes after"},
        Refused{"listen: :1\nroutes: [{redirect: {to: '/\\\\{host}'}}]", "F0216", "an address to send clients to"},
        Refused{"listen: :1\nroutes: [{respond: {status: 600}}]", "F0204", "`600`"},
        Refused{"listen: :1\nroutes: [{respond: {type: text}}]", "F0215", "content type"}));

}  // namespace
}  // namespace fairlead::app
