// `fairlead simulate` for people: what was assumed, the table, and what follows.

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "cli/simulate/study.h"
#include "cli/simulate/table.h"
#include "config/scalar.h"

namespace fairlead::cli::simulation {
namespace {

using simulate::ArrivalProcess;
using simulate::CaseResult;
using simulate::Row;
using simulate::RunResult;
using simulate::Standing;

// From this share of the mean on, an error matters to who reads it.
constexpr double kWorthTelling = 0.02;

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::string plus_minus_text(const simulate::Estimate& value) {
  if (value.plus_minus < kWorthTelling * value.mean) return time_text(value.mean);
  const std::string mean = time_text(value.mean);
  // The error in the unit of the mean.
  const bool is_in_seconds = mean.ends_with(" s");
  const std::string number = mean.substr(0, mean.find(' '));
  const double error = is_in_seconds ? value.plus_minus : value.plus_minus * 1000;
  const std::size_t point = number.find('.');
  const std::size_t decimals = point == std::string::npos ? 0 : number.size() - point - 1;
  return fmt::format("{} ±{:.{}f} {}", number, error, decimals, is_in_seconds ? "s" : "ms");
}

std::string standing_text(const Standing& standing) {
  return standing.is_same ? "same" : plus_minus_text(standing.value);
}

std::string traffic_line(const Study& study) {
  const simulate::Traffic& traffic = study.plan.traffic;
  if (traffic.process == ArrivalProcess::recorded)
    return fmt::format("{:.3g} requests/s as in {}", traffic.per_second, study.log_file);
  const std::string_view how = traffic.process == ArrivalProcess::even     ? ", evenly spaced"
                               : traffic.process == ArrivalProcess::bursty ? ", in bursts"
                                                                           : "";
  return fmt::format("{:.3g} requests/s (synthetic{}{})", traffic.per_second, how,
                     study.assumed_rate ? "; assumed: half of what the servers can do" : "");
}

std::string service_line(const Study& study) {
  const simulate::ServiceTime& service = study.plan.traffic.service;
  if (!service.samples.empty())
    return fmt::format("as the log has them, {} on average", time_text(seconds(service.mean())));
  std::string text = service.p99 == service.median ? fmt::format("{} each", time_text(seconds(service.median)))
                                                   : fmt::format("p50 {}, p99 {}", time_text(seconds(service.median)),
                                                                 time_text(seconds(service.p99)));
  if (service.slow_share > 0)
    text += fmt::format(", and {} near {}", share_text(service.slow_share), time_text(seconds(service.slow)));
  return study.assumed_service ? text + " (assumed)" : text;
}

std::string heading(const Study& study) {
  const simulate::Plan& plan = study.plan;
  const std::size_t servers = plan.options.servers.size();
  const bool differ = std::ranges::any_of(plan.options.servers, [&](const pool::ServerOptions& server) {
    return server.weight != plan.options.servers.front().weight;
  });
  return fmt::format(
      "Pool {}{}: {} server{}, {}\n"
      "Traffic {}\n"
      "Service times {}; {} request{} at once per server{}{}\n"
      "{} runs of {} with the same random numbers for each row (seed {})\n\n",
      study.pool, study.file.empty() ? "" : fmt::format(" ({})", study.file), servers, servers == 1 ? "" : "s",
      algorithm_name(plan.options.algorithm), traffic_line(study), service_line(study), plan.concurrency,
      plan.concurrency == 1 ? "" : "s", differ ? ", by weight" : "", study.assumed_concurrency ? " (assumed)" : "",
      plan.runs, config::print_duration(std::chrono::round<std::chrono::seconds>(plan.window)), plan.seed);
}

ColumnGroup group_of(const Study& study, const std::vector<Row>& rows, std::size_t scenario) {
  const auto p50 = simulate::standings(study.results, &RunResult::p50);
  const auto p99 = simulate::standings(study.results, &RunResult::p99);
  Column medians{"p50"};
  Column tails{"p99"};
  Column failed{"failed"};
  Column busy{"busy"};
  bool has_failures = false;
  for (const Row& row : rows) {
    const CaseResult& result = *row[scenario];
    const auto index = static_cast<std::size_t>(&result - study.results.data());
    medians.cells.push_back(standing_text(p50[index]));
    tails.cells.push_back(standing_text(p99[index]));
    failed.cells.push_back(share_text(result.failed_share()));
    has_failures |= result.failed_share() > 0;
    busy.cells.push_back(fmt::format("{:.0f}%", 100 * simulate::estimate(result.all(&RunResult::busy)).mean));
  }
  ColumnGroup group{scenario_text(rows.front()[scenario]->what.scenario), {medians, tails}};
  if (has_failures) group.columns.push_back(failed);
  group.columns.push_back(busy);
  return group;
}

Table table_of(const Study& study) {
  const std::vector<Row> rows = simulate::rows_of(study.results);
  Column servers{"servers"};
  Column algorithms{"algorithm"};
  Table table;
  for (std::size_t index = 0; index < rows.size(); ++index) {
    servers.cells.push_back(std::to_string(rows[index].front()->what.servers));
    algorithms.cells.emplace_back(algorithm_name(rows[index].front()->what.algorithm));
    table.marks.emplace_back(rows.size() > 1 && study.recommended == index ? "← recommended" : "");
  }
  table.first = {"", {servers, algorithms}};
  for (std::size_t scenario = 0; scenario < rows.front().size(); ++scenario)
    table.groups.push_back(group_of(study, rows, scenario));
  return table;
}

// As an item of a list.
std::string wrapped(const std::string& text, std::size_t columns) {
  constexpr std::size_t kIndent = 2;
  std::string out = "- ";
  std::size_t column = kIndent;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string_view word = std::string_view(text).substr(begin, end - begin);
    const std::size_t width = display_width(word);
    if (column > kIndent && column + 1 + width > columns) {
      out += "\n  ";
      column = kIndent;
    } else if (column > kIndent) {
      out += ' ';
      ++column;
    }
    out += word;
    column += width;
    begin = end + 1;
  }
  return out + '\n';
}

std::string in_ascii(std::string text) {
  for (const auto& [from, to] : {std::pair<std::string_view, std::string_view>{"±", "+-"}, {"←", "<-"}}) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at))
      text.replace(at, from.size(), to);
  }
  return text;
}

}  // namespace

std::string text_report(const Study& study, std::size_t columns, bool ascii) {
  // Lines of prose are not longer than this, however wide the terminal.
  constexpr std::size_t kReadable = 110;
  Table table = table_of(study);
  std::string text = heading(study);
  if (ascii) {
    for (std::string& mark : table.marks) mark = in_ascii(mark);
    for (ColumnGroup& group : table.groups)
      for (Column& column : group.columns)
        for (std::string& cell : column.cells) cell = in_ascii(cell);
  }
  text += table.text(columns);
  text += "\n";
  const Advice advice = advice_of(study);
  for (const std::string& sentence : advice.why) text += wrapped(sentence, std::min(columns, kReadable));
  if (!advice.next.empty()) text += fmt::format("\nNext: {}\n", advice.next);
  return ascii ? in_ascii(std::move(text)) : text;
}

}  // namespace fairlead::cli::simulation
