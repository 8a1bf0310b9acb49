#include "io/url.h"

namespace ingressfleet::io {
namespace {

TEST(Url, PathsOfTheApi) {
  EXPECT_EQ(PathOf({kube::kService, "edge", "public", ""}), "/api/v1/namespaces/edge/services/public");
  EXPECT_EQ(PathOf({kube::kService, "", "", ""}), "/api/v1/services");
  EXPECT_EQ(PathOf({kube::kDeployment, "edge", "", ""}), "/apis/apps/v1/namespaces/edge/deployments");
  EXPECT_EQ(PathOf({kube::kIngressFleet, "", "main", "status"}), "/apis/ingressfleet.io/v1alpha1/ingressfleets/main/status");
  EXPECT_EQ(PathOf({kube::kNode, "ignored", "n1", ""}), "/api/v1/nodes/n1");
}

TEST(Url, RoleNamesHaveColons) {
  EXPECT_EQ(PathOf({kube::kClusterRole, "", "system:node", ""}),
            "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode");
}

TEST(Url, QueriesAreEncodedAndEmptyPairsLeftOut) {
  EXPECT_EQ(QueryOf({}), "");
  EXPECT_EQ(QueryOf({{"a", ""}, {"b", "x y&z=1,ü"}, {"c", "2"}}), "?b=x%20y%26z%3D1%2C%C3%BC&c=2");
}

}  // namespace
}  // namespace ingressfleet::io
