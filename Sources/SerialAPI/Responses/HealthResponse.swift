/// The answer of `GET /health`: the process is alive. And of `GET /health/ready`: it can issue.
struct HealthResponse: Encodable, Sendable {
  let status: String
  let node: String
}
