/** Grades sold, in the order screens list them: petrol by octane (GB 17930), diesel by cold point (GB 19147). */
export const GRADES = ['92', '95', '98', '0', '-10', '-20', '-35'] as const
export type Grade = (typeof GRADES)[number]

/** Name on screen, dispenser oil code (tax port), tax classification code, and typical density at 20 °C in kg/m³. */
export const GRADE_FACTS: Readonly<
  Record<
    Grade,
    {
      zh: string
      en: string
      oilCode: string
      taxClass: string
      family: 'petrol' | 'diesel'
      density20: number
    }
  >
> = {
  '92': {
    zh: '92号汽油',
    en: 'Petrol 92',
    oilCode: '1020',
    taxClass: '1070101010200000000',
    family: 'petrol',
    density20: 740,
  },
  '95': {
    zh: '95号汽油',
    en: 'Petrol 95',
    oilCode: '1040',
    taxClass: '1070101010200000000',
    family: 'petrol',
    density20: 745,
  },
  '98': {
    zh: '98号汽油',
    en: 'Petrol 98',
    oilCode: '1090',
    taxClass: '1070101010200000000',
    family: 'petrol',
    density20: 750,
  },
  '0': {
    zh: '0号柴油',
    en: 'Diesel 0',
    oilCode: '2001',
    taxClass: '1070101030000000000',
    family: 'diesel',
    density20: 835,
  },
  '-10': {
    zh: '-10号柴油',
    en: 'Diesel -10',
    oilCode: '2007',
    taxClass: '1070101030000000000',
    family: 'diesel',
    density20: 830,
  },
  '-20': {
    zh: '-20号柴油',
    en: 'Diesel -20',
    oilCode: '2009',
    taxClass: '1070101030000000000',
    family: 'diesel',
    density20: 825,
  },
  '-35': {
    zh: '-35号柴油',
    en: 'Diesel -35',
    oilCode: '2011',
    taxClass: '1070101030000000000',
    family: 'diesel',
    density20: 820,
  },
}

/** Place of a grade in GRADES: what the database stores. */
export function gradeIndex(grade: Grade): number {
  return GRADES.indexOf(grade)
}
