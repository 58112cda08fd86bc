import { refusalOf, type TwilioRefusal } from '../twilioErrors.js';

/** A request for one page of a list, as in Twilio's 2010 API. */
export interface PageRequest {
  /** Path of the list. */
  path: string;
  query: URLSearchParams;
}

const defaultPageSize = 50;
const largestPageSize = 1000;

/**
 * Returns the requested page of a list: its items, and the URLs of the pages around it. The page token names
 * the last item of the previous page, so that new items at the start of the list do not shift later pages.
 */
export function pageOf<Item>(
  items: Item[],
  request: PageRequest,
  list: { name: string; idOf: (item: Item) => string; shown: (item: Item) => unknown },
): { body: Record<string, unknown> } | { refusal: TwilioRefusal } {
  const { query, path } = request;
  const size = Number(query.get('PageSize') ?? defaultPageSize);
  const page = Number(query.get('Page') ?? 0);
  if (!Number.isInteger(size) || size < 1 || !Number.isInteger(page) || page < 0) {
    return {
      refusal: refusalOf(20422, { message: 'PageSize and Page must be whole numbers, PageSize at least 1' }),
    };
  }
  const pageSize = Math.min(size, largestPageSize);
  const token = query.get('PageToken')?.replace(/^PA/, '');
  const after = token ? items.findIndex((item) => list.idOf(item) === token) : -1;
  const start = after >= 0 ? after + 1 : page * pageSize;
  const shown = items.slice(start, start + pageSize);
  const last = shown.at(-1);
  const uri = (number: number, pageToken: string | null) => {
    const next = new URLSearchParams(query);
    next.set('PageSize', String(pageSize));
    next.set('Page', String(number));
    next.delete('PageToken');
    if (pageToken) next.set('PageToken', pageToken);
    return `${path}?${next}`;
  };
  const more = start + pageSize < items.length;
  return {
    body: {
      [list.name]: shown.map(list.shown),
      page,
      page_size: pageSize,
      start,
      end: Math.max(start, start + shown.length - 1),
      uri: uri(page, query.get('PageToken')),
      first_page_uri: uri(0, null),
      previous_page_uri: page > 0 ? uri(page - 1, null) : null,
      next_page_uri: more && last ? uri(page + 1, `PA${list.idOf(last)}`) : null,
    },
  };
}
