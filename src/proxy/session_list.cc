#include "proxy/session_list.h"

namespace fairlead::proxy {

bool SessionList::close_longest_idle() {
  while (!idle_.empty()) {
    Session& longest = idle_.front();
    const http::IdleEnd end = longest.close_if_idle(kIdleEnough);
    if (end == http::IdleEnd::too_young) return false;
    note_busy(longest);  // It ends, or has begun a request.
    if (end == http::IdleEnd::closing) return true;
  }
  return false;
}

void SessionList::stop_when_idle() {
  for (List* list : {&idle_, &busy_})
    for (auto session = list->begin(); session != list->end();) (session++)->stop_when_idle();
}

void SessionList::end_streams_of(const pool::Server& server) {
  for (List* list : {&idle_, &busy_})
    for (auto session = list->begin(); session != list->end();) (session++)->end_stream_of(server);
  for (auto next = tunnels_.begin(); next != tunnels_.end();) {
    OpenTunnel& tunnel = *next++;
    if (tunnel.leads_to(server)) tunnel.cut();
  }
}

void SessionList::cut() {
  for (List* list : {&idle_, &busy_})
    for (auto session = list->begin(); session != list->end();) (session++)->cut();
  while (!tunnels_.empty()) tunnels_.front().cut();
}

}  // namespace fairlead::proxy
