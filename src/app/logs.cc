#include "app/logs.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace fairlead::app {

namespace {

using Sink = std::unique_ptr<telemetry::ByteSink>;

// `off` has no sink.
std::expected<Sink, std::string> open_sink(const std::string& output) {
  if (output == "off") return Sink();
  if (output == "stdout") return telemetry::fd_sink(STDOUT_FILENO);
  if (output == "stderr") return telemetry::fd_sink(STDERR_FILENO);
  auto file = telemetry::file_sink(output);
  if (!file) return std::unexpected(fmt::format("cannot open the log {}: {}", output, std::strerror(file.error())));
  return std::move(*file);
}

telemetry::AccessFormat format_of(LogFormat format) {
  switch (format) {
    case LogFormat::json:
      return telemetry::AccessFormat::json;
    case LogFormat::human:
      return telemetry::AccessFormat::human;
    case LogFormat::combined:
      break;
  }
  return telemetry::AccessFormat::combined;
}

}  // namespace

std::expected<std::unique_ptr<Logs>, std::string> Logs::open(const LogOptions& options, std::size_t workers,
                                                             bool for_people) {
  auto logs = std::make_unique<Logs>(options);
  if (auto added = logs->add_outputs(workers, for_people); !added) return std::unexpected(added.error());
  logs->writer_->start();
  return logs;
}

std::expected<void, std::string> Logs::add_outputs(std::size_t workers, bool for_people) {
  auto access = open_sink(options_.access.output);
  if (!access) return std::unexpected(access.error());
  auto events = open_sink(options_.events.output);
  if (!events) return std::unexpected(events.error());

  telemetry::LogRing* event_ring = nullptr;
  if (*events != nullptr) {
    auto output = std::make_unique<telemetry::LogOutput>("events", std::move(*events), [](std::uint64_t) {});
    event_ring = &output->add_ring();
    writer_->add(std::move(output));
    // A file is for programs, whoever sits at the terminal.
    const bool is_read_here = for_people && options_.events.output == "stderr";
    events_.open(is_read_here ? EventLog::Format::human : EventLog::Format::json, options_.events.level, *event_ring,
                 *writer_);
  }
  if (*access != nullptr) {
    auto output = std::make_unique<telemetry::LogOutput>("access", std::move(*access), [this](std::uint64_t lost) {
      recovered_.fetch_add(lost, std::memory_order_relaxed);
    });
    for (std::size_t worker = 0; worker < workers; ++worker) access_rings_.push_back(&output->add_ring());
    writer_->add(std::move(output));
  }
  return {};
}

Logs::~Logs() { close(); }

void Logs::close() { writer_->stop(std::chrono::seconds(1)); }

AccessLogPlan Logs::access_plan(std::size_t worker) const {
  if (access_rings_.empty()) return {};
  const AccessLogOptions& options = options_.access;
  return {.settings = {.format = format_of(options.format),
                       .only_errors = options.when == LogWhen::errors,
                       .sample = options.sample,
                       .with_query = std::ranges::find(options.fields, "query") != options.fields.end()},
          .ring = access_rings_[worker],
          .writer = writer_};
}

std::uint64_t Logs::take_recovered() { return recovered_.exchange(0, std::memory_order_relaxed); }

}  // namespace fairlead::app
