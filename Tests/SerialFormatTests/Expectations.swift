import Testing

/// Expects that nothing was found wrong, and shows no more than the first five that were.
func expectNone<Finding>(
  _ wrong: [Finding], _ comment: @autoclosure () -> Comment? = nil,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let firstFindings = Array(wrong.prefix(5))
  #expect(firstFindings.isEmpty, comment(), sourceLocation: sourceLocation)
}
