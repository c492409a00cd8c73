# A stable filter: what is fed to for_each must not change with the holidays.
data "timago_stations" "room" {
  location = "R101"
}

resource "timago_station_kms" "room" {
  for_each = toset(data.timago_stations.room.names)
  station  = each.key
}

# The pool waits for the images of its members, for all of them together.
resource "timago_activation_pool" "room" {
  name     = "R101"
  stations = [for station in timago_station_kms.room : station.station]
}

# A station with two operating systems. Nobody works on it at night, so that this apply may
# wait until its new image has started.
resource "timago_station_kms" "reading_room" {
  station          = "BIB-PC01"
  operating_system = "Windows 11"
  wait_for_image   = true

  timeouts = {
    create = "2h"
    update = "2h"
  }
}
