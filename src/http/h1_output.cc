#include "http/h1_output.h"

#include <array>
#include <cerrno>
#include <utility>

namespace fairlead::http {

H1Output::~H1Output() {
  if (is_batched()) workspace_.batch.withdraw(place_);
}

BufferWriter& H1Output::begin() {
  workspace_.writer = BufferWriter(workspace_.output_space());
  return workspace_.writer;
}

runtime::IoResult H1Output::send_head(Framing framing, const BodyPart& first) {
  framing_ = framing;
  is_complete_ = false;
  body_bytes_ = 0;
  if (workspace_.writer.has_overflowed()) return {.error = ENOBUFS};
  return send_pieces(workspace_.writer.written(), first, {});
}

bool H1Output::leave() {
  is_left_ = is_complete_ && is_flushed();
  return is_left_;
}

runtime::IoResult H1Output::send_part(BodyPart part, std::string_view trailer_lines) {
  if (part.pipe != nullptr) {
    is_complete_ = part.is_last;
    body_bytes_ += part.pipe->size();
    return output_.send(connection_, std::move(part.pipe));
  }
  begin();
  return send_pieces({}, part, trailer_lines);
}

runtime::IoResult H1Output::send_pieces(std::string_view head, const BodyPart& part, std::string_view trailer_lines) {
  is_complete_ = part.is_last || framing_ == Framing::none;
  const std::string_view data = framing_ == Framing::none ? std::string_view() : part.data;
  body_bytes_ += data.size();

  // Everything but large data is gathered in the workspace, behind the head; large data are sent from where they lie.
  const bool is_chunked = framing_ == Framing::chunked;
  if (is_chunked && !data.empty()) write_chunk_size(workspace_.writer, data.size());
  const bool is_small = data.size() <= Workspace::kSmallBody;
  if (is_small) workspace_.writer.append(data);
  const std::size_t before_data = workspace_.writer.size();
  if (is_chunked && !data.empty()) workspace_.writer.append(kChunkEnd);
  if (is_chunked && part.is_last) write_last_chunk(workspace_.writer, trailer_lines);
  if (workspace_.writer.has_overflowed()) return {.error = ENOBUFS};

  const std::string_view gathered = workspace_.writer.written();
  if (gathered.empty() && data.empty()) return {.count = head.size()};
  if (is_small) {
    FAIRLEAD_ASSERT(!is_batched());
    sent_error_ = 0;
    place_ = workspace_.batch.add(*this, gathered.size(), connection_.loop());
    return {};
  }
  const std::array pieces{runtime::piece_of(gathered.substr(0, before_data)), runtime::piece_of(data),
                          runtime::piece_of(gathered.substr(before_data))};
  return output_.send(connection_, pieces);
}

void H1Output::note_sent(const runtime::Outgoing& message, BatchedSend* waiting) {
  place_ = kNoPlace;
  sent_error_ = output_.keep_rest(connection_, message).error;
  if (waiting != nullptr) connection_.loop().post(*waiting);
  if (is_stuck()) connection_.wake_reader();
}

}  // namespace fairlead::http
