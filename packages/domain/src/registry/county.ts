/** A county and its towns and streets. */
export interface County {
  readonly code: string
  readonly zh: string
  readonly en: string
  readonly towns: readonly { readonly code: string; readonly zh: string; readonly en: string }[]
}

function town(code: string, zh: string, en: string): { code: string; zh: string; en: string } {
  return { code, zh, en }
}

/** 凤冈县; codes of GB/T 2260 and the statistical division codes. */
export const FENGGANG: County = {
  code: '520327',
  zh: '凤冈县',
  en: 'Fenggang County',
  towns: [
    town('520327001', '龙泉街道', 'Longquan'),
    town('520327002', '何坝街道', 'Heba'),
    town('520327003', '花坪街道', 'Huaping'),
    town('520327004', '凤岭街道', 'Fengling'),
    town('520327101', '进化镇', 'Jinhua'),
    town('520327102', '琊川镇', 'Yachuan'),
    town('520327103', '蜂岩镇', 'Fengyan'),
    town('520327104', '永和镇', 'Yonghe'),
    town('520327106', '绥阳镇', 'Suiyang'),
    town('520327107', '土溪镇', 'Tuxi'),
    town('520327108', '永安镇', "Yong'an"),
    town('520327110', '天桥镇', 'Tianqiao'),
    town('520327111', '王寨镇', 'Wangzhai'),
    town('520327112', '新建镇', 'Xinjian'),
  ],
}
