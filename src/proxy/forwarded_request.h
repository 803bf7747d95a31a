// The request as servers get it: a copy that outlives the worker's scratch, so that it can be sent again.
//
// Made once per exchange, in one block of memory: what the client sent, less what ends at a proxy, plus what a proxy
// adds. Framing and connection fields are not in it; the stream that sends it writes those anew.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/error.h"
#include "http/stream.h"
#include "http/workspace.h"
#include "proxy/origin.h"

namespace fairlead::proxy {

class ForwardedRequest {
 public:
  ForwardedRequest() = default;
  ForwardedRequest(const ForwardedRequest&) = delete;
  ForwardedRequest& operator=(const ForwardedRequest&) = delete;
  ~ForwardedRequest();

  // Copies `head`, which lies in the worker's scratch, without the cookie of that name (if it is not empty), and what
  // of `origin` outlives it; `peer` is the other end of the connection. Fails with header_too_large where the field
  // lines do not fit; all else is there even then.
  Result<void> build(const http::RequestHead& head, const Origin& origin, std::string_view peer,
                     http::Workspace& workspace, std::string_view hidden_cookie = {});

  http::Method method() const { return method_; }
  std::string_view method_text() const { return method_text_; }
  // In origin form.
  std::string_view target() const { return target_; }
  std::string_view path() const { return target_.substr(0, target_.find('?')); }
  std::string_view query() const {
    const std::size_t mark = target_.find('?');
    return mark == std::string_view::npos ? std::string_view() : target_.substr(mark + 1);
  }
  // With its port, if the client named one.
  std::string_view authority() const { return authority_; }
  // As Origin has them.
  std::string_view client_ip() const { return client_ip_; }
  std::string_view id() const { return id_; }
  std::string_view user_agent() const { return user_agent_; }
  std::string_view referer() const { return referer_; }
  std::string_view accept() const { return accept_; }
  // `Name: value` lines, each with its line end.
  std::string_view field_lines() const { return field_lines_; }
  http::OutgoingFraming framing() const { return framing_; }
  bool has_body() const { return framing_.framing != http::Framing::none; }
  // Sends the head, which is all where there is no body; `patience` as for ClientStream::set_send_patience.
  runtime::Task<void> send_head(http::ClientStream& upstream, Duration patience) const;
  // The protocol to switch to, where the client may; else empty.
  std::string_view upgrade() const { return wants_websocket_ ? std::string_view("websocket") : std::string_view(); }

 private:
  std::string_view place(std::string_view text, char*& next);

  char* block_ = nullptr;
  std::size_t block_size_ = 0;
  std::string_view method_text_;
  std::string_view target_;
  std::string_view authority_;
  std::string_view client_ip_;
  std::string_view id_;
  std::string_view user_agent_;
  std::string_view referer_;
  std::string_view accept_;
  std::string_view field_lines_;
  http::OutgoingFraming framing_;
  http::Method method_ = http::Method::get;
  bool wants_websocket_ = false;
};

}  // namespace fairlead::proxy
