output "from_nothing" {
  value = provider::timago::restarts_needed(5, 25, 0) # { per_station = 5, total = 25 }
}

output "after_the_holidays" {
  value = provider::timago::restarts_needed(5, 25, 18) # { per_station = 2, total = 7 }
}
