// What clients asked for and what servers did, by request id, and every rule that was seen broken.
//
// The path of a request names its id and the length of the answer, so that both sides know each byte that is due.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::sim {

// One request, as both sides knew it.
struct Record {
  std::string method;
  std::size_t answer_length = 0;
  std::size_t upload_length = 0;
  int executions = 0;      // by all servers together
  std::set<int> statuses;  // that servers gave, even where only part of the answer left
  int answers = 0;         // complete ones that the client got
  int status = 0;          // of the answer
  // The client left before its answer, or a failed POST ahead of it ended the connection.
  bool is_excused = false;
};

class Ledger {
 public:
  // A new request; its id.
  std::uint64_t open(std::string method, std::size_t answer_length, std::size_t upload_length);
  // Null where nobody asked for it.
  Record* find(std::uint64_t id);
  const std::map<std::uint64_t, Record>& records() const { return records_; }

  void violation(std::string text) { violations_.push_back(std::move(text)); }
  const std::vector<std::string>& violations() const { return violations_; }

 private:
  std::map<std::uint64_t, Record> records_;
  std::vector<std::string> violations_;
};

// The bytes of a body: its own for every id. `purpose` tells an answer from an upload.
std::string content(std::uint64_t id, char purpose, std::size_t length);

// `/r/<id>/<answer length>`, and back; false where `target` is no such path.
std::string path_of(std::uint64_t id, std::size_t answer_length);
bool parse_path(std::string_view target, std::uint64_t& id, std::size_t& answer_length);

}  // namespace fairlead::sim
