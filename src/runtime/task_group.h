// Tasks that nobody awaits one by one: their owner starts them, and joins them before it goes.
#pragma once

#include <boost/intrusive/list.hpp>
#include <cstddef>

#include "runtime/event_loop.h"
#include "runtime/task.h"

namespace fairlead::runtime {

// Belongs to one loop. Must be empty when it is destroyed: whoever owns it asks its tasks to end and awaits `join`.
class TaskGroup {
 public:
  explicit TaskGroup(EventLoop& loop) : loop_(loop) {}
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  // Runs `task` until its first wait; the group owns it from here. Its error, if any, is dropped: a task that matters
  // handles its own errors.
  void start(Task<void> task);

  std::size_t size() const { return size_; }

  // Waits until no task is left. One waiter at a time.
  class Join;
  Join join();

 private:
  class Member;
  void forget(Member& member);

  EventLoop& loop_;
  std::size_t size_ = 0;
  Join* joining_ = nullptr;
};

class TaskGroup::Join : public Operation {
 public:
  explicit Join(TaskGroup& group) : group_(&group) {}
  bool begin() {
    if (group_->size_ == 0) return true;
    FAIRLEAD_ASSERT(group_->joining_ == nullptr);
    group_->joining_ = this;
    return false;
  }

 private:
  TaskGroup* group_;
};

inline TaskGroup::Join TaskGroup::join() { return Join(*this); }

}  // namespace fairlead::runtime
