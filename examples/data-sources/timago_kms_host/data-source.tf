data "timago_kms_host" "school" {
  host = "kms01.schule.example"
}

# A check warns and changes nothing: the counts may move as they like.
check "kms_host" {
  assert {
    condition     = try(data.timago_kms_host.school.windows.licensed, false) # windows is null without a key for it
    error_message = "The KMS host has no activated key for Windows: it activates nobody."
  }
  assert {
    condition     = length(coalesce(data.timago_kms_host.school.dns_records, [])) <= 1
    error_message = "DNS names several KMS hosts: the count is split between them."
  }
  assert {
    condition = length(coalesce(data.timago_kms_host.school.shared_cmids, [])) == 0
    error_message = join("; ", concat(["Machines that count as one"], [
      for shared in coalesce(data.timago_kms_host.school.shared_cmids, []) : join(", ", shared.clients)
    ]))
  }
}

# Fourteen days before the count of Windows falls below its threshold.
check "renewal" {
  assert {
    condition = try(timecmp(data.timago_kms_host.school.windows.renewal_due,
    timeadd(data.timago_kms_host.school.clock, "336h")) > 0, true)
    error_message = "The count of Windows falls below 25 on ${try(coalesce(data.timago_kms_host.school.windows.renewal_due), "an unknown day")} if nobody starts."
  }
}
