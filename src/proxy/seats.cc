#include "proxy/seats.h"

namespace fairlead::proxy {

Seat Seat::take(ListenerSeats& seats) {
  Seat seat;
  if (!seats.process_.take()) return seat;
  if (seats.own_.take()) {
    seat.seats_ = &seats;
  } else {
    seats.process_.give_back();
  }
  return seat;
}

bool Seat::count_for(const net::IpAddress& client, const ClientLimit& limit) {
  const ClientTable::Entry entry = limit.table->enter(client, limit.most);
  client_ = entry.counter;
  return entry.is_admitted;
}

void Seat::give_back() {
  if (client_ != nullptr) ClientTable::leave(*std::exchange(client_, nullptr));
  if (seats_ == nullptr) return;
  seats_->own_.give_back();
  seats_->process_.give_back();
  seats_ = nullptr;
}

}  // namespace fairlead::proxy
