/*
 * handlers: the prototype of every handler that stands in the table of routes. A room that defines some includes this.
 */
#ifndef WEB_HANDLERS_H
#define WEB_HANDLERS_H

#include "web/route.h"

#define HANDLER(name) enum err name(struct request *rq, struct response *rs, struct error *e)

#define ROUTE(m, path, who, flags, handler, doc) HANDLER(handler);
#include "web/routes.def"
#undef ROUTE

#endif
