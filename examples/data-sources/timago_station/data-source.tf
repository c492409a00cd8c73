# A station that is off cannot be read, which is an error. A pool's unlicensed names its
# members whether they are on or not.
data "timago_station" "teacher" {
  name = "R101-PC01"
}

# A check warns and changes nothing: the licence may be renewed at any time.
check "teacher_licensed" {
  assert {
    condition = alltrue([for licence in data.timago_station.teacher.licences : licence.licensed_by != null])
    error_message = join("; ", [
      for licence in data.timago_station.teacher.licences : "${licence.name}: ${licence.reason}" if licence.reason != null
    ])
  }
}
