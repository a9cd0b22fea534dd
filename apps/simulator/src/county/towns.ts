/**
 * Town centres of 凤冈县 for the simulated county, WGS-84 degrees. Schematic (示意): placed by hand inside the county's
 * box, right in their bearing from the seat, not surveyed. Only the seat's coordinate is a real one.
 */
export const TOWN_CENTRES: Readonly<
  Record<string, { readonly longitude: number; readonly latitude: number }>
> = {
  '520327001': { longitude: 107.718, latitude: 27.964 },
  '520327002': { longitude: 107.712, latitude: 27.905 },
  '520327003': { longitude: 107.77, latitude: 28.0 },
  '520327004': { longitude: 107.735, latitude: 27.945 },
  '520327101': { longitude: 107.622, latitude: 27.868 },
  '520327102': { longitude: 107.65, latitude: 27.742 },
  '520327103': { longitude: 107.775, latitude: 27.752 },
  '520327104': { longitude: 107.838, latitude: 27.905 },
  '520327106': { longitude: 107.805, latitude: 28.085 },
  '520327107': { longitude: 107.72, latitude: 28.165 },
  '520327108': { longitude: 107.632, latitude: 28.085 },
  '520327110': { longitude: 107.862, latitude: 28.155 },
  '520327111': { longitude: 107.8, latitude: 27.83 },
  '520327112': { longitude: 107.69, latitude: 28.262 },
}

/** Bounding box of the county, WGS-84 degrees. */
export const COUNTY_BOX = { west: 107.523, east: 107.945, south: 27.546, north: 28.353 } as const
