import {
  to = timago_station_kms.reading_room
  id = "BIB-PC01"
}
