// The contents page of the program: one line per verb.
#include <cstdio>

int main() {
  std::puts("fairlead " FAIRLEAD_VERSION);
  return 0;
}
