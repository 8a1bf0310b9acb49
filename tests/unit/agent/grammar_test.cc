#include "model/grammar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace ingressfleet::agent {
namespace {

using ::testing::ElementsAre;

TEST(GrammarTest, Hosts) {
  struct Case {
    std::string host, canonical;  // canonical empty = refused
  };
  const std::vector<Case> cases{
      {"", "*"},
      {"A.Example.COM", "a.example.com"},
      {"*.Example.com", "*.example.com"},
      {"localhost", "localhost"},
      {"xn--bcher-kva.example", "xn--bcher-kva.example"},
      {"a_b.test", "a_b.test"},
      {"*", ""},
      {"*.*.test", ""},
      {"a.*.test", ""},
      {"a..test", ""},
      {".test", ""},
      {"test.", ""},
      {"-a.test", ""},
      {"a b", ""},
      {"a/b", ""},
      {"a;b", ""},
      {"a#b", ""},
      {"bücher.example", ""},
      {std::string(64, 'a') + ".test", ""},
      {std::string("a\0b", 3), ""},
  };
  for (const Case& row : cases) EXPECT_EQ(CanonicalHost(row.host).value_or(""), row.canonical) << row.host;
}

TEST(GrammarTest, Paths) {
  struct Case {
    std::string path, canonical;
  };
  const std::vector<Case> cases{
      {"", "/"},
      {"/", "/"},
      {"/a/b", "/a/b"},
      {"/a/", "/a/"},
      {"/%61%2f%7E%c3%BC", "/a%2F~%C3%BC"},
      {"/a b", "/a%20b"},
      {"/ü", "/%C3%BC"},
      {"/a;b=1,(c)'$&!*+:@", "/a;b=1,(c)'$&!*+:@"},
      {"/a\\b", "/a%5Cb"},
      {"/a|b", "/a%7Cb"},
      {"/.well-known", "/.well-known"},
      {"a", ""},
      {"/a#b", ""},
      {"/a?b", ""},
      {"/a\nb", ""},
      {"/a%2", ""},
      {"/a%zz", ""},
      {"//a", ""},
      {"/a/../b", ""},
      {"/%2e%2e", ""},
      {"/a/.", ""},
      {"/./a", ""},
      {std::string("/a\0", 3), ""},
  };
  for (const Case& row : cases) EXPECT_EQ(CanonicalPath(row.path).value_or(""), row.canonical) << row.path;
}

TEST(GrammarTest, KeysOfARule) {
  EXPECT_THAT(RouteKeys("h", PathType::kExact, "/a"), ElementsAre("h/a#"));
  EXPECT_THAT(RouteKeys("h", PathType::kExact, "/"), ElementsAre("h/#"));
  EXPECT_THAT(RouteKeys("h", PathType::kPrefix, "/a"), ElementsAre("h/a/", "h/a#"));
  EXPECT_THAT(RouteKeys("h", PathType::kPrefix, "/a/"), ElementsAre("h/a/", "h/a#"));
  EXPECT_THAT(RouteKeys("*", PathType::kPrefix, "/"), ElementsAre("*/"));
  EXPECT_THAT(RouteKeys("h", PathType::kImplementationSpecific, "/a"), ElementsAre("h/a"));
}

TEST(GrammarTest, Addresses) {
  EXPECT_EQ(CanonicalAddress("10.0.0.1"), "10.0.0.1");
  EXPECT_EQ(CanonicalAddress("2001:DB8:0::1"), "2001:db8::1");
  for (const char* bad : {"", "pod.example", "10.0.0.1:80", "10.0.0.1 weight 0", "::1]", "1.2.3"})
    EXPECT_FALSE(CanonicalAddress(bad)) << bad;
  EXPECT_EQ(JoinAddress("::1", 80), "[::1]:80");
}

// What passes may stand in a map file and, escaped, on the command line: no space, quote-breaking or control character.
TEST(GrammarTest, WhateverPassesIsHarmless) {
  std::mt19937 random(7);
  const std::string alphabet = std::string("/ab.%2fE#?;\\ \n\"'<>|*-_:", 24) + std::string("\0\x7f\xc3\xbc", 4);
  for (int round = 0; round < 200'000; ++round) {
    std::string text;
    for (unsigned i = random() % 12; i > 0; --i) text += alphabet[random() % alphabet.size()];
    if (const auto path = CanonicalPath("/" + text)) {
      ASSERT_EQ(path->find_first_of(" \n\"<>|\\#?"), std::string::npos) << *path;
      ASSERT_EQ(path->front(), '/');
      ASSERT_EQ(CanonicalPath(*path).value_or(""), *path) << "idempotent";
    }
    if (const auto host = CanonicalHost(text)) {
      ASSERT_EQ(host->find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.*"), std::string::npos) << *host;
    }
  }
}

}  // namespace
}  // namespace ingressfleet::agent
