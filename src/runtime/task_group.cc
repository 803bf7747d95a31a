#include "runtime/task_group.h"

#include <memory>
#include <utility>

namespace fairlead::runtime {

// One task of the group. When the task has ended, the loop runs the member once more, outside the task's own frame, and
// it destroys itself with it.
class TaskGroup::Member final : public Completion, public Runnable {
 public:
  static void* operator new(std::size_t size) { return Slab::allocate(size); }
  static void operator delete(void* block, std::size_t size) noexcept { Slab::release(block, size); }

  Member(TaskGroup& group, Task<void> task) : group_(group), task_(std::move(task)) {}

  void start() {
    task_.start();
    if (task_.promise().finished()) {
      group_.loop_.post(*this);
    } else {
      task_.promise().set_completion(this);
    }
  }
  std::coroutine_handle<> completed() noexcept override {
    group_.loop_.post(*this);
    return std::noop_coroutine();
  }
  void run() override { group_.forget(*this); }

 private:
  TaskGroup& group_;
  Task<void> task_;
};

TaskGroup::~TaskGroup() { FAIRLEAD_ASSERT(size_ == 0); }

void TaskGroup::start(Task<void> task) {
  ++size_;
  // Owned by the group from here; `forget` takes it back.
  std::make_unique<Member>(*this, std::move(task)).release()->start();
}

void TaskGroup::forget(Member& member) {
  std::unique_ptr<Member>(&member).reset();
  if (--size_ == 0 && joining_ != nullptr) loop_.post(*std::exchange(joining_, nullptr));
}

}  // namespace fairlead::runtime
