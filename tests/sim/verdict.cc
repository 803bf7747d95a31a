#include "sim/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace fairlead::sim {

namespace {

class Judge {
 public:
  Judge(Journal& journal, const Circumstances& circumstances, int id, const Outcome& outcome)
      : journal_(journal), circumstances_(circumstances), id_(id), outcome_(outcome), attempts_(journal.attempts[id]) {}

  void judge() {
    check_repeats();
    check_source();
    if (outcome_.conduct.expects_refusal) return expect_refusal();
    if (outcome_.conduct.leaves) check_departure();
    if (!outcome_.conduct.is_fair) return;
    if (outcome_.ending == Ending::no_patience || outcome_.ending == Ending::pending) violate("has no end");
    // Where everything is cut, any end will do but a false success.
    if (outcome_.ended >= circumstances_.cut_at) return;
    if (circumstances_.total && is_late()) return;
    if (outcome_.was_full) return check_full();
    // A server may have begun with it, and memory for its answer was short.
    if (outcome_.was_shed && circumstances_.is_memory_limited) return check_repeats();
    if (outcome_.conduct.refusal != 0) return expect_refusal_of_head();
    if (circumstances_.largest_body && outcome_.body > *circumstances_.largest_body) return expect_too_large();
    // Of two that had it at once, the one that was given up proves nothing.
    const bool is_hedged = circumstances_.are_hedged && attempts_.size() > 1;
    if (!is_hedged) attempts_.empty() ? check_unseen() : check_fate(attempts_.back());
    if (circumstances_.is_calm) expect_service();
  }

 private:
  bool is_own() const { return outcome_.ending == Ending::answered && outcome_.server == 0; }
  // In order, only where the answer before it was cut.
  bool is_visibly_cut() const {
    return outcome_.ending == Ending::cut || (outcome_.ending == Ending::closed && outcome_.conduct.is_pipelined);
  }
  bool is_cut() const { return outcome_.ending == Ending::cut || outcome_.ending == Ending::closed; }

  // The limit for a whole exchange allows no answer that comes later; a slow or pipelined one may have begun late.
  bool is_late() {
    const Duration took = outcome_.ended - outcome_.began;
    constexpr Duration kSlack = std::chrono::seconds(1);
    const bool began_at_once = !outcome_.conduct.is_slow && !outcome_.conduct.is_pipelined;
    if (began_at_once && took > *circumstances_.total + kSlack) violate("took longer than `timeouts.total`");
    return took >= *circumstances_.total;
  }

  void check_full() {
    if (!may_be_refused()) violate("was refused for no reason");
    if (!attempts_.empty()) violate("was refused with its connection, and reached a server");
  }

  void expect_refusal_of_head() {
    if (!attempts_.empty()) violate("has a head beyond a limit and reached a server");
    if (is_own() && outcome_.status != outcome_.conduct.refusal)
      violate(fmt::format("should have got {}", outcome_.conduct.refusal));
    if (!is_own()) check_unseen();
  }

  bool may_be_refused() const { return circumstances_.are_seats_limited || circumstances_.is_memory_limited; }

  // Its connection was one too many, or made room for another.
  bool lost_its_seat() const { return may_be_refused() && is_cut() && attempts_.empty() && outcome_.server == 0; }

  void expect_too_large() {
    for (const Attempt& attempt : attempts_) {
      const bool had_whole_request = attempt.fate == Fate::answered || attempt.fate == Fate::past_the_end;
      if (had_whole_request) violate("was too large and reached a server whole");
    }
    if (!outcome_.states_size) return;
    if (!attempts_.empty()) violate("announced too large a body and reached a server");
    if (is_own() && outcome_.status != 413) violate("should have got 413");
  }

  bool may_be_repeated() const {
    return outcome_.method != "POST" && (outcome_.method != "PUT" || circumstances_.are_puts_repeated);
  }

  // A request is never sent twice unless a repeat does no harm.
  void check_repeats() {
    if (!may_be_repeated() && attempts_.size() > 1) violate("was sent to servers twice");
    // One more for a kept connection that the server had just closed.
    if (attempts_.size() > circumstances_.retries + 2 + (circumstances_.are_hedged ? 1 : 0))
      violate("was sent too often");
  }

  // An answer is that of a server which gave it, for this request.
  void check_source() {
    if (outcome_.ending != Ending::answered || outcome_.server == 0) return;
    const bool is_real = std::ranges::any_of(attempts_, [&](const Attempt& attempt) {
      return attempt.server == outcome_.server && attempt.fate <= Fate::tunnel;
    });
    if (!is_real) violate("has an answer that no server gave");
    if (circumstances_.are_hedged) return;
    if (!attempts_.empty() && attempts_.back().server != outcome_.server) violate("was sent on after its answer");
  }

  // A server does not work on for a client that has left.
  void check_departure() {
    constexpr Duration kNotice = std::chrono::milliseconds(500);
    for (const Attempt& attempt : attempts_) {
      if (attempt.is_uncertain || attempt.fate != Fate::hang) continue;
      // Its end may have come with its request, as from one that ends only its own direction.
      const bool came_with_it = attempt.began > outcome_.ended && attempt.began <= outcome_.ended + kNotice;
      if (came_with_it && &attempt == &attempts_.front()) continue;
      if (attempt.ended > outcome_.ended + kNotice) violate("went on although its client had left");
    }
  }

  void expect_refusal() {
    if (!attempts_.empty()) violate("is no HTTP and reached a server");
  }

  // No server saw it: the proxy says so, or had ended the connection before.
  void check_unseen() {
    if (outcome_.ending == Ending::unsent) return;
    if (outcome_.ending == Ending::answered) {
      if (outcome_.status != 502 && outcome_.status != 503 && outcome_.status != 504) violate("has a strange answer");
      return;
    }
    const bool may_be_closed = outcome_.conduct.is_pipelined || !outcome_.conduct.is_first ||
                               outcome_.ended >= circumstances_.drained_at || lost_its_seat();
    if (!may_be_closed) violate("was dropped");
  }

  void check_fate(const Attempt& last) {
    if (last.is_uncertain || may_be_overtaken()) return;
    switch (last.fate) {
      case Fate::answered:
      case Fate::past_the_end:
      case Fate::tunnel:
        if (was_to_be_retried(last) || was_given_up(last)) return;
        if (!last.is_done) return violate("was not let finish");
        if (outcome_.server != last.server) violate("lost its answer");
        if (last.fate == Fate::tunnel && !outcome_.tunnel_is_whole && circumstances_.cut_at == kNever) {
          violate("lost what its tunnel carried");
        }
        if (last.asks_for_body && !outcome_.was_asked_for_body) violate("lost its 100");
        // There may be no memory for its trailers.
        if (outcome_.ending != Ending::answered && !circumstances_.is_memory_limited) violate("was cut in its answer");
        return;
      case Fate::early_answer:
        // The rest of the upload may be refused before the client has read the answer.
        if (was_to_be_retried(last)) return;
        if (!is_cut() && outcome_.server != last.server) violate("lost its early answer");
        return;
      case Fate::hang:
      case Fate::stop_reading:
        // After `per_try` another server may have been asked, one that cannot be reached.
        return circumstances_.per_try && is_own_502() ? void() : expect_own(504);
      case Fate::reset_before:
      case Fate::close_before:
      case Fate::reset_in_head:
      case Fate::close_in_head:
      case Fate::garbage:
      case Fate::both_framings:
      case Fate::two_lengths:
      case Fate::flood:
        return expect_own(502);
      case Fate::close_in_body:
      case Fate::stall_in_body:
        if (!is_visibly_cut()) violate("was not cut with its broken answer");
        return;
      case Fate::bad_chunk:
      case Fate::reset_in_body:
        // A fault may be seen before anything was passed on, and a reset may overtake the head that was sent before it.
        if (is_visibly_cut() || is_own_502()) return;
        return violate("was not cut with its broken answer");
      case Fate::aborted:
        return violate("was not passed on whole");
    }
  }

  // Where the answer to a later request of the batch is cut, the reset may overtake this one's answer.
  bool may_be_overtaken() const {
    if (!outcome_.conduct.is_followed || !is_cut()) return false;
    return std::ranges::any_of(journal_.outcomes, [&](const auto& entry) {
      const auto& [id, later] = entry;
      if (id <= id_ || later.client != outcome_.client || later.began != outcome_.began) return false;
      return std::ranges::any_of(journal_.attempts[id],
                                 [](const Attempt& attempt) { return attempt.fate > Fate::tunnel; });
    });
  }

  // The server for that could not be reached.
  bool was_to_be_retried(const Attempt& last) const {
    return last.status == circumstances_.retried_status && is_own() && outcome_.status >= 502;
  }
  // The answer began later than `per_try` allows.
  bool was_given_up(const Attempt& last) const {
    constexpr Duration kWay = std::chrono::milliseconds(100);
    return circumstances_.per_try && is_own() && outcome_.status == 504 &&
           outcome_.ended - last.began >= *circumstances_.per_try - kWay;
  }
  bool is_own_502() const {
    // A repeat may have ended on a server that cannot be reached.
    return is_own() && (outcome_.status == 502 || (outcome_.status == 504 && may_be_repeated()));
  }

  void expect_own(int status) {
    const bool was_repeated = circumstances_.are_tries_short && may_be_repeated();
    const bool is_expected = status == 502 || was_repeated ? is_own_502() : is_own() && outcome_.status == status;
    if (!is_expected) violate(fmt::format("should have got {}", status));
  }

  void expect_service() {
    const bool may_be_closed = outcome_.ended >= circumstances_.drained_at || outcome_.ending == Ending::unsent ||
                               (outcome_.conduct.is_pipelined && outcome_.ending == Ending::closed);
    // It had been idle for as long as it may.
    const bool was_late = !outcome_.conduct.is_first && outcome_.ending == Ending::closed && attempts_.empty() &&
                          outcome_.ended == outcome_.began;
    // What must not be sent twice is lost where a server ends its connection just then.
    const bool may_be_lost = circumstances_.servers_hang_up && (outcome_.method == "POST" || outcome_.method == "PUT");
    if (outcome_.server == 0 && !may_be_closed && !was_late && !may_be_lost && !lost_its_seat() && !may_be_overtaken())
      violate("failed although a server was well");
  }

  void violate(std::string_view what) {
    std::string seen;
    for (const Attempt& attempt : attempts_) {
      seen += fmt::format(" [server {}: {}{}{}]", attempt.server, word(attempt.fate),
                          attempt.is_done ? "" : ", not done", attempt.is_uncertain ? ", uncertain" : "");
    }
    journal_.violations.push_back(fmt::format("request {} ({}) {}: it was {} with {}, server {};{}", id_,
                                              outcome_.method, what, word(outcome_.ending), outcome_.status,
                                              outcome_.server, seen.empty() ? " no server saw it" : seen));
  }

  Journal& journal_;
  const Circumstances& circumstances_;
  int id_;
  const Outcome& outcome_;
  const std::vector<Attempt>& attempts_;
};

}  // namespace

void judge(Journal& journal, const Circumstances& circumstances) {
  for (const auto& [id, outcome] : journal.outcomes) Judge(journal, circumstances, id, outcome).judge();
}

}  // namespace fairlead::sim
