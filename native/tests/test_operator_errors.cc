// What a host is told when an operator fails.
#include <string>

#include "graph_text.h"
#include "kernels.h"

namespace {

void failing_operators() {
  const Module code = kernel_library();
  for (const char* name : {"fail_loudly", "fail_silently"}) {
    GraphText graph;
    graph.output(graph.op(name, {graph.input("x")}));
    const Module model = executor(graph.json(), code);
    TVMAPISetLastError("a stale text");
    const Outcome run = model.call("run");
    CHECK(run.failed_with(std::string(name) == "fail_loudly"
                              ? "fail_loudly: Assert fail: the shape is wrong"
                              : "fail_silently failed and gave no reason"));
    CHECK(!contains(run.text, "stale"));
  }
  GraphText graph;
  graph.output(graph.op("fail_if_negative", {graph.input("x")}));
  const Module model = executor(graph.json(), code);
  Tensor x({4}, {-1, 0, 0, 0}), y({4});
  CHECK(model.call("set_input_zero_copy", {"x", x}).ok());
  CHECK(model.call("run").failed_with("gave no reason"));
  x.at(0) = 3;
  CHECK(model.call("run").ok());  // a failure does not spoil the executor
  CHECK(model.call("get_output", {0, y}).ok() && y.at(0) == 6);

  GraphText coping;
  const int doubled = coping.op("twice_after_trouble", {coping.input("x")});
  coping.output(coping.op("fail_silently", {doubled}));
  CHECK(executor(coping.json(), code)
            .call("run")
            .failed_with("fail_silently failed and gave no reason"));
}

}  // namespace

int main() {
  failing_operators();
  return test_result();
}
