// A transposed convolution in C++17, asked by `conformance run --command ./conv_transpose` after
// g++ -O2 -std=c++17 conv_transpose.cpp -o conv_transpose
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <iostream>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

using Numbers = std::vector<long>;
struct Array { Numbers shape; std::vector<float> values; };
struct Question { Array x, kernel, bias; Numbers stride, padding, output_padding, dilation; long groups; };

const std::string DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void refuse_if(bool condition, const char* words) { if (condition) throw std::invalid_argument(words); }
long product(const Numbers& n) { return std::accumulate(n.begin(), n.end(), 1L, std::multiplies<long>()); }

// The text behind a key, or nothing. No text of a question has a quote within it.
std::string value(const std::string& line, const std::string& key) {
  const auto at = line.find('"' + key + "\":");
  return at == std::string::npos ? "" : line.substr(line.find_first_not_of(' ', at + key.size() + 3));
}

std::string text(const std::string& line, const std::string& key) {
  const std::string rest = value(line, key);
  return rest.empty() || rest[0] != '"' ? "" : rest.substr(1, rest.find('"', 1) - 1);
}

// The numbers of a list; those of lists within it follow each other.
Numbers numbers(const std::string& line, const std::string& key) {
  Numbers all;
  long depth = 0;
  const std::string rest = value(line, key);
  for (std::size_t at = 0; at < rest.size(); ++at) {
    if (rest[at] == '[') ++depth;
    if (rest[at] == ']' && --depth == 0) break;
    if (rest[at] == '-' || std::isdigit(rest[at])) {
      std::size_t length = 0;
      all.push_back(std::stol(rest.substr(at), &length));
      at += length - 1;
    }
  }
  return all;
}

Array array(const std::string& line, const std::string& key) {
  const std::string rest = value(line, key), object = rest.substr(0, rest.find('}'));
  std::string bytes;
  std::uint32_t bits = 0, count = 0;
  for (char digit : text(object, "data").substr(0, text(object, "data").find('='))) {
    bits = bits << 6 | static_cast<std::uint32_t>(DIGITS.find(digit));
    if ((count += 6) >= 8) bytes += static_cast<char>(bits >> (count -= 8) & 255);
  }
  Array result{numbers(object, "shape"), std::vector<float>(bytes.size() / 4)};
  if (!bytes.empty()) std::memcpy(result.values.data(), bytes.data(), bytes.size());
  return result;
}

std::string encoded(const Array& y) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(y.values.data());
  std::string shape, data;
  for (long n : y.shape) shape += (shape.empty() ? "" : ", ") + std::to_string(n);
  for (std::size_t at = 0, size = 4 * y.values.size(); at < size; at += 3) {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i) bits = bits << 8 | (at + i < size ? bytes[at + i] : 0u);
    for (std::size_t i = 0; i < 4; ++i) data += at + i <= size ? DIGITS[bits >> (18 - 6 * i) & 63] : '=';
  }
  return "{\"dtype\": \"float32\", \"shape\": [" + shape + "], \"data\": \"" + data + "\"}";
}

Array conv_transpose(const Question& q) {
  const Numbers space(q.x.shape.begin() + 2, q.x.shape.end()), window(q.kernel.shape.begin() + 2, q.kernel.shape.end());
  const long batch = q.x.shape[0], inputs = q.x.shape[1], per_group = q.kernel.shape[1], outputs = per_group * q.groups;
  refuse_if(q.groups < 1 || inputs % q.groups || q.kernel.shape[0] != inputs, "the channels do not fit");
  refuse_if(!q.bias.shape.empty() && q.bias.shape[0] != outputs, "there is one bias for each output channel");
  Numbers size;
  for (std::size_t axis = 0; axis < space.size(); ++axis) {
    const long s = q.stride[axis], d = q.dilation[axis], p = q.output_padding[axis];
    refuse_if(s < 1 || d < 1, "stride and dilation are at least 1");
    refuse_if(p < 0 || p >= std::max(s, d), "output padding is too long");
    const long full = (space[axis] - 1) * s + (window[axis] - 1) * d + 1;
    size.push_back(full - q.padding[2 * axis] - q.padding[2 * axis + 1] + p);
    refuse_if(size.back() < 1, "the output is empty");
  }
  std::vector<double> sums(batch * outputs * product(size));  // rounded once, at the end
  for (std::size_t i = 0; i < sums.size() && !q.bias.values.empty(); ++i)
    sums[i] = q.bias.values[i / product(size) % outputs];
  for (long from = 0; from < product(space); ++from)
    for (long tap = 0; tap < product(window); ++tap) {
      long to = 0, inner = 1, rest_of_x = from, rest_of_kernel = tap;
      for (std::size_t axis = space.size(); axis-- > 0 && to >= 0; inner *= size[axis]) {
        const long i = rest_of_x % space[axis], a = rest_of_kernel % window[axis];
        const long u = i * q.stride[axis] + a * q.dilation[axis] - q.padding[2 * axis];
        to = u < 0 || u >= size[axis] ? -1 : to + u * inner;
        rest_of_x /= space[axis], rest_of_kernel /= window[axis];
      }
      for (long n = 0; n < batch && to >= 0; ++n)
        for (long i = 0; i < inputs; ++i)
          for (long o = 0; o < per_group; ++o)
            sums[(n * outputs + i / (inputs / q.groups) * per_group + o) * product(size) + to] +=
                static_cast<double>(q.x.values[(n * inputs + i) * product(space) + from]) *
                q.kernel.values[(i * per_group + o) * product(window) + tap];
    }
  Array y{{batch, outputs}, {sums.begin(), sums.end()}};
  y.shape.insert(y.shape.end(), size.begin(), size.end());
  return y;
}

std::string reply(const std::string& line) {
  if (text(line, "kind") == "hello")
    return R"({"kind": "ready", "name": "example.cpp", "version": "1.0", "ops": ["conv_transpose"], "dtypes": ["float32"]})";
  const std::string id = "\"id\": " + std::to_string(std::stol(value(line, "id")));
  if (text(line, "op") != "conv_transpose") return "{\"kind\": \"skip\", " + id + ", \"words\": \"there is no such op\"}";
  if (!text(line, "padding").empty()) return "{\"kind\": \"skip\", " + id + ", \"words\": \"padding takes numbers\"}";
  try {
    const Question q{array(line, "x"), array(line, "kernel"), array(line, "bias"), numbers(line, "stride"),
                     numbers(line, "padding"), numbers(line, "output_padding"), numbers(line, "dilation"),
                     std::stol(value(line, "groups"))};
    return "{\"kind\": \"answer\", " + id + ", \"y\": " + encoded(conv_transpose(q)) + "}";
  } catch (const std::invalid_argument& refusal) {
    return "{\"kind\": \"refusal\", " + id + ", \"words\": \"" + refusal.what() + "\"}";
  }
}

int main() {
  for (std::string line; std::getline(std::cin, line);) std::cout << reply(line) << std::endl;
}
