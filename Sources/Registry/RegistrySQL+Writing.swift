import LibPQ

extension RegistrySQL {
  static let createExecution = statement(
    "create_execution", 9, PackageResources.create_execution_sql)
  static let changeBranch = statement("change_branch", 7, PackageResources.change_branch_sql)
  static let changeExecution = statement(
    "change_execution", 4, PackageResources.change_execution_sql)
  static let purgeOutputs = statement("purge_outputs", 3, PackageResources.purge_outputs_sql)
}
