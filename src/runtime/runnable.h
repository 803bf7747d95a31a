// Something that the loop runs soon: a coroutine that may go on, or a piece of clean-up.
#pragma once

#include <boost/intrusive/list.hpp>

namespace fairlead::runtime {

// Queued at most once. Leaves the queue by itself when it is destroyed, so that an operation may be abandoned.
class Runnable : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  virtual void run() = 0;

 protected:
  Runnable() = default;
  Runnable(const Runnable&) = delete;
  Runnable& operator=(const Runnable&) = delete;
  ~Runnable() = default;
};

using RunQueue = boost::intrusive::list<Runnable, boost::intrusive::constant_time_size<false>>;

}  // namespace fairlead::runtime
