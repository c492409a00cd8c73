# All stations of a room.
data "timago_stations" "room" {
  location = "R101"
}

# The stations of a computer group, by the beginning of their names.
data "timago_stations" "teachers" {
  computer_group = "Lehrer"
  name_regex     = "^LEHRER-"
}

output "room" {
  value = data.timago_stations.room.names
}
