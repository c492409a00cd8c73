import {
  to = timago_station_kms.reading_room
  identity = {
    id = "2d4d7fde-e2c3-4ad2-9e58-e55beca11f18"
  }
}
