//===- ProgressTimer.h - calls a function now and then ----------------------===//

#ifndef THRIFTJIT_RUNTIME_SIM_PROGRESSTIMER_H
#define THRIFTJIT_RUNTIME_SIM_PROGRESSTIMER_H

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace thrift::sim {

/// While it lives, calls `tick` every `interval` from a thread of its own; without a function there is no thread. The
/// destructor waits for a call that is under way.
class ProgressTimer {
public:
  ProgressTimer(std::chrono::duration<double> interval, std::function<void()> tick) : tick_(std::move(tick)) {
    if (tick_)
      thread_ = std::thread([this, interval] { run(interval); });
  }
  ~ProgressTimer() {
    if (!thread_.joinable())
      return;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      done_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }
  ProgressTimer(const ProgressTimer &) = delete;
  ProgressTimer &operator=(const ProgressTimer &) = delete;

private:
  void run(std::chrono::duration<double> interval) {
    std::unique_lock<std::mutex> lock(mutex_);
    while (!wake_.wait_for(lock, interval, [this] { return done_; })) {
      lock.unlock(); // a slow function must not hold up the end
      tick_();
      lock.lock();
    }
  }

  std::function<void()> tick_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool done_ = false;
  std::thread thread_;
};

} // namespace thrift::sim

#endif // THRIFTJIT_RUNTIME_SIM_PROGRESSTIMER_H
