// The theme is the server's to draw: a cookie tells it what the system, or the visitor, wants.
(() => {
  const system = matchMedia('(prefers-color-scheme: dark)');
  const remembered = () => document.cookie.split('; ').find(cookie => cookie.startsWith('ecom-theme='))?.slice(11);
  const remember = theme => {
    document.cookie = `ecom-theme=${theme}; path=/; max-age=31536000; samesite=strict`;
    return document.documentElement.dataset.theme = theme;
  };
  const ofSystem = () => system.matches ? 'system-dark' : 'system-light';
  // To load this page anew would then bring the visitor back to it.
  let isLeft = false;
  addEventListener('beforeunload', () => isLeft = true);
  const follow = () => {
    if (isLeft) return;
    const shown = document.documentElement.dataset.theme;
    if (!shown.startsWith('system') || shown === ofSystem()) return;
    remember(ofSystem());
    // Before anything is painted, so that nobody sees it; not again and again where cookies are refused.
    if (remembered() === ofSystem()) location.reload();
  };
  follow();
  system.addEventListener('change', follow);
  window.ecom = {
    theme: wish => remember(wish === 'system' ? ofSystem() : wish),
    // From now on the server hears what is clicked.
    live: () => document.documentElement.toggleAttribute('data-live', true),
  };

  // A service that was started again knows nothing of this page's state: the page begins anew.
  document.addEventListener('DOMContentLoaded', () => document.getElementById('components-reconnect-modal')
    .addEventListener('components-reconnect-state-changed', e => { if (e.detail.state === 'rejected' && !isLeft) location.reload(); }));
})();
